getent group levada >/dev/null || groupadd -r levada
getent passwd levada >/dev/null ||
  useradd -r -g levada -d /var/lib/levada -s /sbin/nologin -c "levada ingestion agent" levada
exit 0
