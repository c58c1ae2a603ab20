# The agent is to see the plugins that came or went.
if [ -d /run/systemd/system ]; then systemctl try-restart levada.service || :; fi
exit 0
