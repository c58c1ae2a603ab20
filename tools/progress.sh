# How the scripts show long commands (sourced, not run): one line that moves on a terminal, one every 20 s elsewhere, and
# all that matters of the output when the command fails.

# with_progress LOG COMMAND...: runs COMMAND with its output in LOG.
with_progress() {
  local log=$1 line due=$((SECONDS + 20)) status=0 here=
  shift
  [ -t 1 ] && here=1
  mkdir -p "$(dirname "$log")"
  "$@" </dev/null 2>&1 | while IFS= read -r line; do
    printf '%s\n' "$line" >&3
    if [ -n "$here" ]; then
      printf '\r\033[K  %.*s' $((${COLUMNS:-80} - 3)) "$line"
    elif ((SECONDS >= due)) && [[ $line =~ ^(\[| *[0-9]+/[0-9]+) ]]; then
      printf '  %.110s\n' "$line"
      due=$((SECONDS + 20))
    fi
  done 3>"$log" || status=$?
  [ -z "$here" ] || printf '\r\033[K'
  if ((status)); then
    grep -vE '^\[[0-9]+/[0-9]+\]|^ *[0-9]+/[0-9]+ Test .* (Passed|Skipped) |^ *Start +[0-9]+: ' "$log" | head -n 200
    echo "  (all of it: $log)"
  fi
  return "$status"
}
