#!/usr/bin/env bash
# Installs what is missing, builds, and runs the tests.
#   ./test.sh          what one build can prove: unit tests, faults, text scenarios, end to end with real servers
#   ./test.sh all      that, the tests under AddressSanitizer, UBSan and ThreadSanitizer, and long runs of kills and reloads
#   ./test.sh full     that, still more kills and connections, what Spark sees and makes of tables, the status page in a
#                      browser, the packages on machines of their own, and the container
#   ./test.sh PART...  parts of it: unit, scenarios, e2e, asan, tsan, faults, spark, browser, packaging
# LEVADA_MINUTES=75 ends what is not done 75 minutes after the start, but for unit, scenarios and e2e, and says so.
set -uo pipefail
cd "$(dirname "$0")" || exit 1
. tools/progress.sh
. tools/in_time.sh
passed=0 failed=0 skipped=0 advice=()
parts=("$@")
((${#parts[@]})) || parts=(unit scenarios e2e)
case ${parts[*]} in
all) parts=(unit scenarios e2e asan tsan faults) ;;
full)
  parts=(unit scenarios e2e asan tsan faults spark browser packaging)
  export LEVADA_KILLS=${LEVADA_KILLS:-50} LEVADA_CHANGES=${LEVADA_CHANGES:-40} LEVADA_RELOADS=${LEVADA_RELOADS:-500}
  export LEVADA_CONNECTIONS=${LEVADA_CONNECTIONS:-10000}
  ;;
esac
for part in "${parts[@]}"; do
  case $part in
  unit | scenarios | e2e | asan | tsan | faults | spark | browser | packaging) ;;
  *) sed -n '2,9s/^# \?//p' "$0" >&2; exit 2 ;;
  esac
done

advise() { advice+=("$1"); }

# step NAME COMMAND...: one line before, one with the time after. A step that fails without a test is a failure, too.
step() {
  local name=$1 start=$SECONDS before=$failed status=0 end=done
  shift
  echo "==> $name"
  "$@" || status=$?
  if ((status == 124)) && [ -n "$limit" ]; then
    end="not finished: the time of $limit min was over;" skipped=$((skipped + 1))
  elif ((status)); then
    end=FAILED
    if ((failed == before)); then failed=$((failed + 1)); fi
  fi
  echo "    $end in $((SECONDS - start)) s"
  return "$status"
}

# The tests that ctest tells of, in a log that may end in the middle: those that passed, those that stated that they
# cannot run here, and all others.
names() { # LOG passed|skipped|failed
  awk -v kind="$2" 'sub(/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /, "") {
      is = / Passed +[0-9.]+ sec/ ? "passed" : /\*\*\*(Skipped|Not Run \(Disabled\))/ ? "skipped" : "failed"
      if (is == kind) { sub(/[ .]*(\*\*\*| +Passed ).*/, ""); print } }' "$1"
}

# tests PRESET PART COMMAND...: runs COMMAND, a ctest, and adds up what it reports.
tests() {
  local part=$2 log=build/$1.$2.log status=0 good bad none
  shift 2
  with_progress "$log" in_time "$@" || status=$?
  mapfile -t good < <(names "$log" passed)
  mapfile -t bad < <(names "$log" failed)
  mapfile -t none < <(names "$log" skipped)
  passed=$((passed + ${#good[@]})) failed=$((failed + ${#bad[@]})) skipped=$((skipped + ${#none[@]}))
  echo "    ${#good[@]} passed, ${#bad[@]} failed, ${#none[@]} skipped"
  if ((${#bad[@]})); then advise "failed in $part: ${bad[*]:0:20}. Again, with their output: ./test.sh $part"; fi
  return "$status"
}

# Tests with real servers mostly wait: meanwhile what comes behind them is built. What is not done then, or fails, is
# built, and reported, when its turn comes.
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
end_ahead() {
  [ -n "$ahead" ] || return 0
  end_tree "$ahead"
  { wait "$ahead"; } 2>/dev/null
  ahead=
}
trap end_ahead EXIT

built=" "
build() { # PRESET [TARGET] : once in a run
  local status=0
  [[ $built = *" $1 "* ]] && return
  end_ahead
  step "build $1" in_time tools/build "$@" || status=$?
  case $status in
  0) built+="$1 " ;;
  124) ;;
  *) advise "tools/build $* repeats the build" ;;
  esac
  return "$status"
}

run() { # PART
  case $1 in
  unit) build dev && step "unit tests" tests dev unit \
    ctest --preset dev -LE '^(scenario|e2e|spark|browser|bench|packaging)$' ;;
  scenarios) build dev && step "scenarios" tests dev scenarios ctest --preset dev -L '^scenario$' ;;
  # Two at a time: most of what they do is to wait.
  e2e) build dev && build_ahead && step "end to end with real servers" tests dev e2e \
    env HDFS_DATANODES=2 tests/services/with kafka hdfs s3 redis smtp postgres kerberos -- \
    ctest --preset dev -L '^e2e$' --parallel 2 ;;
  asan) build asan && step "unit tests and scenarios, asan" tests asan asan \
    ctest --preset asan -LE '^(e2e|spark|browser|bench|packaging|tidy)$' ;;
  # What has threads; the long loops of one thread are nothing for it.
  tsan) build tsan levada_threads && step "what has threads, tsan" tests tsan tsan \
    ctest --preset tsan -L '^(threads|scenario)$' -E 'Faults\.|FileChannelModel|^(lake|notebooks)\.' ;;
  # What kills and reloads at random, more often than in a run of all tests.
  faults) build dev && step "long runs of kills and reloads" tests dev faults \
    env LEVADA_KILLS=50 LEVADA_RELOADS=200 tests/services/with kafka -- \
    ctest --preset dev -R '^(faults\.reload|lake\.delta_kill|e2e\.torture)$' ;;
  spark) build dev && step "set up Spark" in_time tools/setup spark &&
    step "tables that Spark reads and makes" tests dev spark \
      tests/services/with spark -- ctest --preset dev -L '^spark$' --parallel 1 ;;
  browser) build dev && step "set up the browser" in_time tools/setup browser &&
    step "the status page in a browser" tests dev browser ctest --preset dev -L '^browser$' --parallel 1 ;;
  # One after the other: each has a machine, or a container, to itself.
  packaging) build dev && step "set up packaging" in_time tools/setup packaging &&
    step "packages" in_time packaging/build && step "what packages and the container do" tests dev packaging \
      ctest --preset dev -L '^packaging$' --parallel 1 ;;
  esac
}

if step "set up" tools/setup tests; then
  for part in "${parts[@]}"; do
    case $part in
    unit | scenarios | e2e) limit= ;;
    *) limit=${LEVADA_MINUTES:-} ;;
    esac
    run "$part"
  done
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
