#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 600
# A vTPM beside emulated SEV-SNP or TDX as the root's protector (security rule 9): with an HCL report or an SVSM's word the daemon
# binds it to the hardware itself; each way to show it a binding that is not this guest's is refused by name, and so is the
# host's TPM; composite evidence verifies, with the facts of both demanded by a policy.
if [ "${KC_VTPM_INSIDE:-}" != yes ]; then
	export KC_VTPM_INSIDE=yes
	if [ "$(id -u)" -eq 0 ]; then
		exec unshare -m --propagation private bash "$0" "$@"
	fi
	exec unshare -Urm --propagation private bash "$0" "$@"
fi
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
emulators=$KC_BUILDDIR/tests/emulators
[ -x "$emulators/emulate-tsm" ] || skip_all "the emulators are not built (libfuse3)"
(exec 3<>/dev/fuse) 2>/dev/null || skip_all "/dev/fuse cannot be opened"
grep -q '^#define HAVE_TPM' "$KC_BUILDDIR/config.h" || skip_all "built without tpm2-tss"
need swtpm tpm2_pcrextend tpm2_createek openssl python3
k() { timeout 60 "$KC_CLI" "$@"; }
root=$T/root
control=$T/control
authority=$T/ca
mkdir -p "$authority" "$root"
: >"$control"
keeper=
emulator_pids=
tpm_pid=
export TPM2TOOLS_TCTI="device:$T/tpmdev/tpmrm0"
at_exit '[ -z "$tpm_pid" ] || tpm_off'
at_exit '[ -z "$keeper" ] || kill "$keeper"'

# ---- the guest ----
emulate() {
	mkdir -p "$root/$2"
	"$emulators/$1" "$root/$2" --control="$control" --ca="$authority" ${3:+"$3"} >>"$T/emulators" 2>&1 &
	emulator_pids="$emulator_pids $!"
	at_exit "kill $! 2>/dev/null"
	wait_until 20 mountpoint -q "$root/$2" || bail_out "$1: $(cat "$T/emulators")"
}
emulate_none() {
	# shellcheck disable=SC2086 # a list of process ids
	[ -z "$emulator_pids" ] || { kill $emulator_pids && wait $emulator_pids; } 2>/dev/null
	emulator_pids=
	rm -rf "$root"
	mkdir -p "$root"
}
facts() {
	printf '%s\n' "$@" >"$control.new"
	mv "$control.new" "$control"
}

# ---- its TPM ----
# tpm_on [STATE]: powers it up; its PCRs are as after a boot.
tpm_on() {
	mkdir -p "$T/${1:-tpm}" "$T/tpmdev"
	"$emulators/emulate-tpm" "$T/tpmdev" --state="$T/${1:-tpm}" >>"$T/emulators" 2>&1 &
	tpm_pid=$!
	wait_until 20 mountpoint -q "$T/tpmdev" || bail_out "emulate-tpm: $(cat "$T/emulators")"
	for pcr in 0 2 4 7; do
		tpm2_pcrextend "$pcr:sha256=$(printf '%064d' "$pcr")" || bail_out "tpm2_pcrextend"
	done
}
tpm_off() {
	kill "$tpm_pid" 2>/dev/null
	wait "$tpm_pid" 2>/dev/null
	tpm_pid=
}
define_hcl() { tpm2_nvdefine -Q -C o -s 2048 -a 'ownerread|ownerwrite|authread' 0x01400001; }
no_hcl() { tpm2_nvundefine -Q -C o 0x01400001; }
# As Azure's paravisor does it.
provision() {
	tpm2_createprimary -Q -C e -G rsa2048:rsassa-sha256:null -c "$T/ak.ctx" \
		-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign' &&
		tpm2_readpublic -Q -c "$T/ak.ctx" -f pem -o "$T/ak.pem" &&
		tpm2_evictcontrol -Q -C o -c "$T/ak.ctx" 0x81000003 &&
		tpm2_flushcontext -t && define_hcl
}
# hcl KIND AK [FACT...]: a report by what stands above the guest, bent by FACTs, into the TPM; and into more what goes with it.
hcl() {
	local kind=$1 ak=$2
	shift 2
	{
		printf '%s\n' "$@"
		cat "$control"
	} >"$T/above"
	"$emulators/make-hcl" "$kind" "$T/above" "$authority" "$ak" "$T/hcl" "$T/more" || bail_out "make-hcl"
	write_hcl
}
write_hcl() { tpm2_nvwrite -Q -C o -i "$T/hcl" 0x01400001 || bail_out "tpm2_nvwrite"; }

# ---- the daemon ----
# configure PLATFORM [LINE...]: of section [platform].
configure() {
	local platform=$1
	shift
	{
		printf '[daemon]\nplatform = %s\n[platform]\nplatform-root = %s\ndevice-timeout = 2s\n' "$platform" "$root"
		printf 'tpm-tcti = %s\n' "$TPM2TOOLS_TCTI"
		printf '%s\n' "$@"
	} >"$KEYCLAVE_CONF"
}
start() {
	: >"$T/log"
	"$KC_DAEMON" >>"$T/log" 2>&1 &
	keeper=$!
	wait_until 30 k status && return
	diag_file "$T/log"
	return 1
}
stop() {
	kill "$keeper" 2>/dev/null
	wait "$keeper" 2>/dev/null
	keeper=
}
refuses() {
	: >"$T/log"
	! timeout 60 "$KC_DAEMON" >>"$T/log" 2>&1
}
logged() { check_output "$1" "$2" cat "$T/log"; }
# refused WHAT PATTERN: the daemon does not start, and says why.
refused() {
	check "$1 is refused" refuses
	logged "$1: by name" "$2"
}
json() {
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
identity() { json 'd["tokens"][0]["identity"]' k status; }
root_of() { json 'd["daemon"]["platform"], d["daemon"]["root protector"], d["daemon"]["rollback protection"]' k status; }
# make_token_and_key NAME: and keeps the token's identity and the key's evidence.
make_token_and_key() {
	rm -f "$T/pin"
	check "$1: a token" k init --label t --so-pin-file "$T/so-pin" --generate-pin "$T/pin"
	id=$(identity)
	check "$1: a key" k keygen --type ec:P-256 --label web --pin-file "$T/pin" --token pkcs11:token=t
	check "$1: its evidence" k attest --nonce "$nonce" --pin-file "$T/pin" --out "$T/evidence" \
		'pkcs11:token=t;object=web;type=private'
}
# starts_again NAME
starts_again() {
	check "$1: the daemon starts again" start
	is "$1: it is the same token" "$(identity)" "$id"
	stop
}
# verify OPTION...
verify() { k verify --nonce "$nonce" --identity "$id" --allow no-revocation "$@" "$T/evidence"; }
# verdict_of COMMAND...: what it says when it refuses.
verdict_of() { ! "$@"; }
fact() { json "d['facts']['$1']" verify "${trust[@]}" --policy "$T/level"; }
openssl rand -hex 16 >"$T/so-pin"
nonce=$(openssl rand -hex 32)

# ---- sev-snp, nothing that binds ----
facts 'vmpl 2' 'no-svsm'
emulate emulate-sev-guest dev
emulate emulate-tsm sys --kind=sev
tpm_on
check "the TPM is made ready" provision
no_hcl
configure notee 'root = tpm'
refused "root = tpm where there is no TEE" 'root = tpm: not on platform notee'
configure sev-snp 'root = disk'
refused "a root that there is not" 'root: disk: expected platform or tpm'
configure auto 'root = tpm'
refused "the host's TPM" 'nothing shows that it is inside this guest: neither an HCL report .* nor an SVSM'
logged "what may be done is said" 'allow-host-vtpm = yes'
logged "auto says which platform and why" 'platform auto: sev-snp, for /dev/sev-guest is there'
check "no store was made" test ! -s "$KEYCLAVE_STATE_DIR/store/keyclave.db"
configure sev-snp 'root = tpm' 'allow-host-vtpm = yes'
check "the host's TPM, allowed: the daemon starts" start
is "status says whose TPM it is" "$(root_of)" 'sev-snp host-vtpm counter'
make_token_and_key "the host's TPM, allowed"
stop
printf '{"version": 1, "allow": ["any-measurement"], "sev-snp": {"vmpl": 2}}' >"$T/level"
trust=(--trust-root "$authority/ark.pem")
check_output "the host's TPM is refused by verifiers" "the host's TPM protects the root" verdict_of verify "${trust[@]}" \
	--policy "$T/level"
check_output "unless their policy allows it" good verify "${trust[@]}" --policy "$T/level" --allow host-vtpm
check_output "and the claims say so" host-vtpm json 'd["claims"]["root protector"]' verify "${trust[@]}" --policy "$T/level" \
	--allow host-vtpm
rm -rf "$KEYCLAVE_STATE_DIR"

# ---- sev-snp with an HCL report ----
define_hcl
hcl sev "$T/ak.pem"
configure sev-snp 'root = tpm'
refused "hardware of an authority that is not pinned" 'certificate chain'
bound=('root = tpm' "vtpm-trust-root = $authority/ark.pem")
configure sev-snp "${bound[@]}"
check "HCL: the daemon starts" start
logged "HCL: it binds the vTPM itself" 'the hardware vouches for the vTPM .HCL.'
is "HCL: status says what protects the root" "$(root_of)" 'sev-snp tpm counter'
make_token_and_key HCL
stop
check_output "HCL: composite evidence verifies" good verify "${trust[@]}" --policy "$T/level"
check_status "HCL: and under no other authority" 1 verify --policy "$T/level"
measurement=$(fact measurement)
pcr4=$(fact pcr4)
# policy_of MEASUREMENT PCR4
policy_of() {
	printf '{"version": 1, "sev-snp": {"vmpl": 2, "measurement": "%s"}, "tpm": {"pcr4": "%s"}}' "$1" "$2" >"$T/policy"
}
policy_of "$measurement" "$pcr4"
check_output "HCL: the facts of both are demanded" good verify "${trust[@]}" --policy "$T/policy"
policy_of "$measurement" "hex:$(printf '%064d' 4)"
check_output "HCL: another boot loader is refused" 'pcr4' verdict_of verify "${trust[@]}" --policy "$T/policy"
policy_of "hex:$(printf '%096d' 4)" "$pcr4"
check_output "HCL: and another launch" 'measurement' verdict_of verify "${trust[@]}" --policy "$T/policy"
k policy from-evidence --nonce "$nonce" "${trust[@]}" --policy "$T/level" --allow no-revocation "$T/evidence" >"$T/policy" 2>/dev/null
check_output "HCL: policy from-evidence pins both" 'True' python3 -c 'import json, sys
p = json.load(open(sys.argv[1])); print("measurement" in p["sev-snp"] and "pcr4" in p["tpm"])' "$T/policy"
starts_again HCL
tpm_off
tpm_on
starts_again "HCL, after a reboot"
cp -a "$KEYCLAVE_STATE_DIR/store" "$T/store.before"
starts_again "HCL, once more"

# ---- no silent downgrade ----
configure sev-snp 'snp-launch = measured-kernel'
refused "the derived key in place of the vTPM" 'root protected by tpm'
configure tpm 'allow-host-vtpm = yes'
refused "the TPM without the TEE" 'made on platform sev-snp'
configure sev-snp "${bound[@]}" 'allow-host-vtpm = yes'
no_hcl
refused "the host's TPM in place of the bound one" 'root protected by tpm'
define_hcl

# ---- the attacks ----
configure sev-snp "${bound[@]}"
openssl genrsa -out "$T/other.key" 2048 2>/dev/null
openssl pkey -in "$T/other.key" -pubout -out "$T/other.pem"
hcl sev "$T/other.pem"
cp "$T/hcl" "$T/hcl.other"
refused "an attestation key that the report does not name" 'storage root key: what should speak for it is not signed by the key'
hcl sev "$T/ak.pem" 'above-vmpl 1'
refused "a report of VMPL 1" 'its HCL report: .*VMPL 0|its HCL report: vmpl'
hcl sev "$T/ak.pem" 'above-chip another'
refused "another chip's report" 'vTPM: its HCL report: '
hcl sev "$T/ak.pem" 'above-report-id another run'
refused "the report of another run on the same chip" 'same guest: .*report-id differs'
hcl sev "$T/ak.pem" 'above-measurement another launch'
refused "the report of another launch" 'same guest: .*measurement differs'
hcl sev "$T/ak.pem"
tail -c +1217 "$T/hcl" >"$T/hcl.tail"
{
	head -c 1216 "$T/hcl.other"
	cat "$T/hcl.tail"
} >"$T/hcl"
write_hcl
refused "an HCL report under another one's hardware report" 'the hardware vouches for another one'
hcl sev "$T/ak.pem"
facts 'vmpl 0' 'no-svsm'
refused "a guest that nothing stands above" 'runs at VMPL 0 itself'
facts 'vmpl 2' 'no-svsm' 'no-certificates'
refused "a report whose certificate is not to be had" "vTPM: this guest's report: "
facts 'vmpl 2' 'no-svsm'
starts_again "the genuine binding"
tpm2_pcrextend "4:sha256=$(printf '%064d' 44)"
refused "another boot loader" 'PCR4 .sha256. differs'
tpm_off
tpm_on
rm -rf "$KEYCLAVE_STATE_DIR/store"
cp -a "$T/store.before" "$KEYCLAVE_STATE_DIR/store"
refused "a store that was put back" 'ROLLED BACK'
rm -rf "$KEYCLAVE_STATE_DIR"

# ---- as on Azure: the guest has no report of its own, so the paravisor must be pinned ----
configure tpm "vtpm-trust-root = $authority/ark.pem" "vtpm-endorsements = $T/more"
refused "platform tpm: a paravisor that is not pinned" 'paravisor: .*not pinned by the policy'
printf '{"version": 1, "allow": ["no-revocation"], "sev-snp": {"measurement": "%s"}}' "$measurement" >"$T/paravisor"
configure tpm "vtpm-trust-root = $authority/ark.pem" "vtpm-endorsements = $T/more" "vtpm-policy = $T/paravisor"
check "platform tpm: pinned, the daemon starts" start
is "platform tpm: the root's protector" "$(root_of)" 'tpm tpm counter'
is "platform tpm: it is a TEE's" "$(json 'd["daemon"]["TEE"]' k status)" True
make_token_and_key "platform tpm"
stop
check_output "platform tpm: evidence names its paravisor" good verify "${trust[@]}" --policy "$T/paravisor" \
	--allow any-measurement --endorsements "$T/more"
starts_again "platform tpm"
emulate_none
tpm_off
rm -rf "$KEYCLAVE_STATE_DIR"

# ---- sev-snp with an SVSM ----
tpm_on svsm
tpm2_createek -Q -c "$T/ek.ctx" -G rsa -u "$T/ek.pub" && tpm2_flushcontext -t
tail -c +3 "$T/ek.pub" >"$T/manifest"
svsm=('vmpl 2' "manifest $T/manifest")
facts "${svsm[@]}"
emulate emulate-sev-guest dev
emulate emulate-tsm sys --kind=sev
configure sev-snp "${bound[@]}"
check "SVSM: the daemon starts" start
logged "SVSM: it binds the vTPM itself" 'the hardware vouches for the vTPM .SVSM.'
is "SVSM: status says what protects the root" "$(root_of)" 'sev-snp tpm counter'
make_token_and_key SVSM
stop
starts_again SVSM
check_output "SVSM: its word is for the EK, and the key must be pinned" 'pin "ak-name"' verdict_of verify "${trust[@]}" \
	--policy "$T/level"
# As whoever enrols it with a challenge knows it: the hash of the key's public area, an ECC P-256 key here.
ak=$(python3 -c 'import hashlib, sys
e = open(sys.argv[1], "rb").read()
at = e.index(bytes.fromhex("0023000b00050472"))
print("000b" + hashlib.sha256(e[at:at + 88]).hexdigest())' "$T/evidence")
printf '{"version": 1, "allow": ["any-measurement"], "sev-snp": {"vmpl": 2}, "tpm": {"ak-name": "%s"}}' "$ak" >"$T/policy"
check_output "SVSM: then composite evidence verifies" good verify "${trust[@]}" --policy "$T/policy"
printf '{"version": 1, "allow": ["any-measurement"], "sev-snp": {"vmpl": 2}, "tpm": {"ak-name": "%s"}}' "000b00" >"$T/policy"
check_output "SVSM: and not with another key pinned" 'ak-name' verdict_of verify "${trust[@]}" --policy "$T/policy"
facts "${svsm[@]}" 'above-vmpl 1'
refused "SVSM: a report of VMPL 1" "its SVSM's report: .*VMPL 0|its SVSM's report: vmpl"
facts "${svsm[@]}" 'above-report-id another run'
refused "SVSM: the report of another run" 'same guest: .*report-id differs'
python3 -c 'import sys
b = bytearray(open(sys.argv[1], "rb").read()); b[-1] ^= 1; open(sys.argv[2], "wb").write(b)' "$T/manifest" "$T/manifest.other"
facts 'vmpl 2' "manifest $T/manifest.other"
refused "SVSM: another EK than the TPM's" 'endorsement key: the TPM has another one'
facts 'vmpl 2' 'no-svsm'
refused "SVSM: gone" 'nothing shows that it is inside'
tpm_off
emulate_none
rm -rf "$KEYCLAVE_STATE_DIR"

# ---- tdx with an HCL report ----
facts ''
emulate emulate-tsm sys --kind=tdx
mkdir -p "$root/dev"
: >"$root/dev/tdx_guest"
tpm_on tdx
check "TDX: the TPM is made ready" provision
hcl tdx "$T/ak.pem"
bound=('root = tpm' "vtpm-trust-root = $authority/tdx-root.pem" "vtpm-endorsements = $authority/tdx-collateral")
trust=(--trust-root "$authority/tdx-root.pem" --endorsements "$authority/tdx-collateral")
configure tdx "${bound[@]}"
refused "TDX: a TDREPORT alone" 'vTPM: its HCL report: '
configure tdx "${bound[@]}" "vtpm-td-quote = $T/more"
check "TDX: with its quote the daemon starts" start
logged "TDX: it binds the vTPM itself" 'the hardware vouches for the vTPM .HCL.'
is "TDX: it has a root that lasts" "$(root_of)" 'tdx tpm counter'
make_token_and_key TDX
stop
check_output "TDX: composite evidence verifies" good verify "${trust[@]}" --allow any-measurement
check_status "TDX: and under no other authority" 1 verify --allow any-measurement
starts_again TDX
hcl tdx "$T/ak.pem" 'rtmr1 another kernel'
refused "TDX: the quote of another TD" 'same guest: .*rtmr1 differs'
hcl tdx "$T/ak.pem"
"$emulators/make-hcl" tdx "$control" "$authority" "$T/other.pem" "$T/hcl.other" "$T/more"
refused "TDX: the quote for another key" 'the hardware vouches for another one'
configure tdx
refused "TDX: the store without its root" 'has no sealing key'
tpm_off
emulate_none
done_testing
