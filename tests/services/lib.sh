# Shared by the scripts of this folder (sourced, not run): processes kept by pid file, free ports, waiting.
services=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LEVADA_CACHE=${LEVADA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/levada}
export LEVADA_CACHE
die() { echo "$(basename "$0"): $*" >&2; exit 1; }

# A pid file holds "PID STARTTIME", so that a pid that was given to another process is not taken for ours.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
running() { # PIDFILE
  local pid time
  [ -s "$1" ] && read -r pid time <"$1" && [ -n "$time" ] && [ "$(start_time "$pid")" = "$time" ]
}
spawn() { # PIDFILE LOG COMMAND... : starts it in a session of its own
  local pidfile=$1 log=$2; shift 2
  setsid "$@" >>"$log" 2>&1 </dev/null &
  echo "$! $(start_time $!)" >"$pidfile"
}
send_signal() { # SIGNAL PIDFILE
  local pid
  ! running "$2" || { read -r pid _ <"$2" && kill "-$1" "$pid"; }
}
wait_for_end() { # PIDFILE SECONDS
  local tries
  for ((tries = $2 * 10; tries > 0; tries--)); do running "$1" || { rm -f "$1"; return 0; }; sleep 0.1; done
  return 1
}
terminate() { # PIDFILE SECONDS : asks it to end, and makes it once the time is up
  send_signal CONT "$1"
  send_signal TERM "$1"
  wait_for_end "$1" "$2" || { send_signal KILL "$1"; wait_for_end "$1" 5; }
}
wait_until() { # SECONDS PIDFILE LOG COMMAND... : polls until it succeeds; fails as soon as the process is gone
  local end=$((SECONDS + $1)) pidfile=$2 log=$3; shift 3
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= end)) || ! running "$pidfile"; then tail -n 20 "$log" >&2; die "not ready: $* (log: $log)"; fi
    sleep 0.1
  done
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# Sets `port` to the first of 16 free ports in a row, below those that the system hands out. They stay reserved by a lock
# on file descriptor 9, which the servers inherit, for as long as one of them runs.
reserve_ports() {
  local tries next
  mkdir -p "$LEVADA_CACHE/ports"
  for ((tries = 0; tries < 100; tries++)); do
    port=$((20000 + RANDOM % 750 * 16))
    exec 9>"$LEVADA_CACHE/ports/$port"
    flock -n 9 || continue
    for ((next = port; next < port + 16; next++)); do port_open "$next" && continue 2; done
    return 0
  done
  die "no free ports between 20000 and 32000"
}
