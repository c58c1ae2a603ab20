#!/usr/bin/env bash
# Installs what is missing, builds levada, and shows it at work on files, without any server.
set -euo pipefail
cd "$(dirname "$0")"
echo "==> set up"
tools/setup build
echo "==> build (minutes the first time, seconds later)"
tools/build release levada generate_plugin spool_plugin clean_json_plugin parse_json_plugin detect_bots_plugin \
  file_plugin
tools/demo build/release/levada
