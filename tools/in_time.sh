# How scripts end what takes too long (sourced, not run).

# Ends a process and all that it started. What is stopped first starts nothing more meanwhile.
end_tree() { # PID
  local child
  kill -STOP "$1" 2>/dev/null
  for child in $(cat "/proc/$1/task"/*/children 2>/dev/null); do end_tree "$child"; done
  kill -KILL "$1" 2>/dev/null
}

# in_time COMMAND...: runs COMMAND, and ends it `limit` minutes after the script began; then, and if that time is over
# before, the status is 124. As long as it takes where `limit` is empty.
limit=
in_time() {
  local command watch status=0 left=$((60 * ${limit:-0} - SECONDS)) over=build/time_is_over
  [ -n "$limit" ] || { "$@"; return; }
  ((left > 0)) || return 124
  rm -f "$over"
  "$@" &
  command=$!
  { sleep "$left" && : >"$over" && end_tree "$command"; } >/dev/null 2>&1 &
  watch=$!
  { wait "$command" || status=$?; } 2>/dev/null
  if [ -e "$over" ]; then status=124; fi
  end_tree "$watch"
  { wait "$watch"; } 2>/dev/null
  return "$status"
}
