#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A store that lost something, seen and mended by keyclave: refused objects, a refused token; nothing else goes with them.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
need python3
k() { timeout 60 "$KC_CLI" "$@"; }
# json EXPRESSION COMMAND...: the value of a Python expression over the command's JSON, d.
json() {
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
p=(--pin-file "$T/pin" --token pkcs11:token=t)
make_token t
make_token u
check "a key that stays" k keygen --type ec:P-256 --label web "${p[@]}"

# flip KIND TOKEN ID: a bit of that record, while no daemon runs.
flip() {
	tap_stop_daemons
	python3 - "$KEYCLAVE_STATE_DIR/store/keyclave.db" "$@" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
where = 'WHERE kind = ? AND token = ? AND id = ?'
name = tuple(map(int, sys.argv[2:]))
blob = bytearray(db.execute(f'SELECT blob FROM record {where}', name).fetchone()[0])
blob[len(blob) // 2] ^= 1
db.execute(f'UPDATE record SET blob = ? {where}', (bytes(blob),) + name)
db.commit()
END
}
damaged() { json 'd["daemon"]["damaged records"]' k status; }
before=$(json 'len(d["objects"])' k list --pin-file "$T/pin" 'pkcs11:token=t')
check "two keys to lose" k keygen --type secret:256 --label lost1 "${p[@]}"
check "and another" k keygen --type secret:256 --label lost2 "${p[@]}"
mapfile -t lost < <(
	tap_stop_daemons
	python3 -c 'import sqlite3,sys; print(*[r[0] for r in sqlite3.connect(sys.argv[1]).execute(
		"SELECT id FROM record WHERE kind=5 AND token=1 ORDER BY id DESC LIMIT 2")], sep="\n")' \
		"$KEYCLAVE_STATE_DIR/store/keyclave.db"
)
flip 5 1 "${lost[0]}"
flip 5 1 "${lost[1]}"
is "status counts two damaged records" "$(damaged)" 2
check_output "and names them" "token 1 object ${lost[0]}: was changed" k status
is "list goes on without them" "$(json 'len(d["objects"])' k list --pin-file "$T/pin" 'pkcs11:token=t')" "$before"
is "list --damaged shows both" "$(json 'len(d["objects"])' k list --damaged --pin-file "$T/pin" 'pkcs11:token=t')" 2
is "to the security officer too" "$(json 'len(d["objects"])' k list --damaged --so-pin-file "$T/so-pin" 'pkcs11:token=t')" 2
check_fails "delete --damaged wants to be told which" k delete --damaged --pin-file "$T/pin" 'pkcs11:token=t'
check_fails "a whole object is none of them" k delete --damaged --handle 1 --pin-file "$T/pin" 'pkcs11:token=t'
check_output "delete --damaged --handle" "^destroyed: 1" k delete --damaged --handle "${lost[0]}" --pin-file "$T/pin" \
	'pkcs11:token=t'
is "leaves the other" "$(damaged)" 1
check_output "delete --damaged --all, by the security officer" "^destroyed: 1" k delete --damaged --all \
	--so-pin-file "$T/so-pin" 'pkcs11:token=t'
is "and then none is" "$(damaged)" 0
tap_stop_daemons
is "also after a restart" "$(damaged)" 0
is "everything else is there" "$(json 'len(d["objects"])' k list --pin-file "$T/pin" 'pkcs11:token=t')" "$before"

flip 3 2 0
is "status counts a damaged token" "$(damaged)" 1
slot=$(json '[t["slot"] for t in d["tokens"] if t.get("damaged")][0]' k status)
is "and shows its slot" "$slot" 2
is "the other token goes on" "$(json 'len(d["objects"])' k list --pin-file "$T/pin" 'pkcs11:token=t')" "$before"
if [ "$(id -u)" -eq 0 ]; then
	printf '[daemon]\nallow-uids = 4711\n' >"$KEYCLAVE_CONF" && chmod 644 "$KEYCLAVE_CONF"
	tap_stop_daemons
	k status >/dev/null
	chmod 644 "$T/so-pin" "$T/pin"
	check_fails "another user may not make it anew" setpriv --reuid=4711 --regid=4711 --clear-groups \
		env KEYCLAVE_ENDPOINT="unix:$KEYCLAVE_STATE_DIR/run/keyclave.sock" "$KC_CLI" \
		init --label again --token "pkcs11:slot-id=$slot" --so-pin-file "$T/so-pin" --pin-file "$T/pin"
	is "and has not" "$(damaged)" 1
else
	skip "another user may not make it anew" "needs root"
	skip "and has not" "needs root"
fi
check_output "init makes it anew by its slot" "^token: again" k init --label again --token "pkcs11:slot-id=$slot" \
	--so-pin-file "$T/so-pin" --pin-file "$T/pin"
is "nothing is damaged any more" "$(damaged)" 0
check "the new token takes a key" k keygen --type ed25519 --label e --pin-file "$T/pin" --token pkcs11:token=again
done_testing
