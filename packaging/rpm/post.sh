systemd-tmpfiles --create levada.conf || :
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || :
  if [ "$1" -eq 1 ]; then systemctl preset levada.service || :; fi
fi
exit 0
