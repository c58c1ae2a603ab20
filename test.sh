#!/usr/bin/env bash
# Installs what is missing, builds, and runs the tests.
#   ./test.sh          what one build can prove: unit tests, faults, text scenarios, end to end with real servers
#   ./test.sh all      that, more kills, restarts and connections, what Spark sees and makes of tables, the status page
#                      in a browser, the tests under AddressSanitizer, UBSan and ThreadSanitizer, the packages on
#                      machines of their own, and the container
#   ./test.sh PART...  parts of it: unit, scenarios, e2e, spark, browser, asan, tsan, packaging
set -uo pipefail
cd "$(dirname "$0")" || exit 1
. tools/progress.sh
passed=0 failed=0 skipped=0 advice=()
parts=("$@")
((${#parts[@]})) || parts=(unit scenarios e2e)
if [ "${parts[*]}" = all ]; then
  parts=(unit scenarios e2e spark browser asan tsan packaging)
  export LEVADA_KILLS=${LEVADA_KILLS:-50} LEVADA_CHANGES=${LEVADA_CHANGES:-40} LEVADA_RELOADS=${LEVADA_RELOADS:-500}
  export LEVADA_CONNECTIONS=${LEVADA_CONNECTIONS:-10000}
fi
for part in "${parts[@]}"; do
  case $part in
  unit | scenarios | e2e | spark | browser | asan | tsan | packaging) ;;
  *) sed -n '2,7s/^# \?//p' "$0" >&2; exit 2 ;;
  esac
done

advise() { advice+=("$1"); }

# step NAME COMMAND...: one line before, one with the time after. A step that fails without a test is a failure, too.
step() {
  local name=$1 start=$SECONDS before=$failed status=0
  shift
  echo "==> $name"
  "$@" || status=$?
  if ((status)) && ((failed == before)); then failed=$((failed + 1)); fi
  echo "    $([ "$status" = 0 ] && echo done || echo FAILED) in $((SECONDS - start)) s"
  return "$status"
}

# The names of the tests in a report: those that passed, those that stated that they cannot run here, and all others.
names() { # REPORT passed|skipped|failed
  local kind=$2
  tr '\n' ' ' <"$1" 2>/dev/null | sed 's/<testcase /\n&/g' | awk -v kind="$kind" '/^<testcase / {
      is = /status="run"/ ? "passed" : /status="disabled"|<skipped message="SKIP_/ ? "skipped" : "failed"
      if (is == kind) { sub(/^<testcase name="/, ""); sub(/".*/, ""); print } }'
}

# tests PRESET PART COMMAND...: runs COMMAND, a ctest, and adds up what it reports.
tests() {
  local preset=$1 part=$2 report=$PWD/build/$1.$2.xml status=0 good bad none
  shift 2
  rm -f "$report"
  with_progress "build/$preset.$part.log" "$@" --output-junit "$report" || status=$?
  mapfile -t good < <(names "$report" passed)
  mapfile -t bad < <(names "$report" failed)
  mapfile -t none < <(names "$report" skipped)
  passed=$((passed + ${#good[@]})) failed=$((failed + ${#bad[@]})) skipped=$((skipped + ${#none[@]}))
  echo "    ${#good[@]} passed, ${#bad[@]} failed, ${#none[@]} skipped"
  if ((${#bad[@]})); then advise "failed in $part: ${bad[*]:0:20}. Again, with their output: ./test.sh $part"; fi
  return "$status"
}

# Tests with real servers mostly wait: meanwhile what comes behind them is built. What fails here is built again, and
# reported, when its turn comes.
ahead=
build_ahead() {
  local part
  for part in "${parts[@]}"; do
    case $part in
    asan) nice tools/build asan ;;
    tsan) nice tools/build tsan levada_threads ;;
    esac
  done >build/ahead.log 2>&1 &
  ahead=$!
}
wait_for_ahead() { wait "$ahead" || true; }

built=" "
build() { # PRESET [TARGET] : once in a run
  [[ $built = *" $1 "* ]] && return
  [ -z "$ahead" ] || step "what was begun to be built (build/ahead.log)" wait_for_ahead
  ahead=
  step "build $1" tools/build "$@" || { advise "tools/build $* repeats the build"; return 1; }
  built+="$1 "
}

run() { # PART
  case $1 in
  unit) build dev && step "unit tests" tests dev unit \
    ctest --preset dev -LE '^(scenario|e2e|spark|browser|bench|packaging)$' ;;
  scenarios) build dev && step "scenarios" tests dev scenarios ctest --preset dev -L '^scenario$' ;;
  asan) build asan && step "unit tests and scenarios, asan" tests asan asan \
    ctest --preset asan -LE '^(e2e|spark|browser|bench|packaging)$' ;;
  # What has threads; the long loops of one thread are nothing for it.
  tsan) build tsan levada_threads && step "what has threads, tsan" tests tsan tsan \
    ctest --preset tsan -L '^(threads|scenario)$' -E 'Faults\.|FileChannelModel' ;;
  # Two at a time: most of what they do is to wait.
  e2e) build dev && build_ahead && step "end to end with real servers" tests dev e2e \
    env HDFS_DATANODES=2 tests/services/with kafka hdfs s3 redis smtp postgres kerberos -- \
    ctest --preset dev -L '^e2e$' --parallel 2 ;;
  spark) build dev && step "set up Spark" tools/setup spark && step "tables that Spark reads and makes" tests dev spark \
    tests/services/with spark -- ctest --preset dev -L '^spark$' --parallel 1 ;;
  # One after the other: each has a machine, or a container, to itself.
  packaging) build dev && step "set up packaging" tools/setup packaging && step "packages" packaging/build &&
    step "what packages and the container do" tests dev packaging ctest --preset dev -L '^packaging$' --parallel 1 ;;
  browser) build dev && step "set up the browser" tools/setup browser && step "the status page in a browser" tests dev \
    browser ctest --preset dev -L '^browser$' --parallel 1 ;;
  esac
}

if step "set up" tools/setup tests; then
  for part in "${parts[@]}"; do run "$part"; done
else
  advise "tools/setup tests repeats the set-up"
fi

if ((failed)); then
  echo
  printf 'what to do: %s\n' "${advice[@]}"
fi
echo "took $((SECONDS / 60)) min $((SECONDS % 60)) s"
echo "$passed passed, $failed failed$( ((skipped)) && echo ", $skipped skipped")"
((failed == 0))
