#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Certificates that the library makes, as two strangers read them: OpenSSL, and the strict parser of python3-cryptography. Usage: certificate_parsers.sh PRINT_CERTIFICATE
set -euo pipefail
print=$1
python=/usr/bin/python3
if ! command -v openssl >/dev/null || ! "$python" -c 'import cryptography' 2>/dev/null; then
    echo 'openssl or python3-cryptography is not installed' >&2
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

by_openssl() { # FILE ALGORITHM EXTENSIONS
    openssl verify -x509_strict -check_ss_sig -CAfile "$1" "$1" >/dev/null || fail "OpenSSL does not verify $1"
    openssl x509 -in "$1" -outform DER -out "$1.der"
    # Both algorithm identifiers: nothing but the name for ECDSA (RFC 5758 3.2), a NULL after it for RSA (RFC 4055 5).
    local after
    after=$(openssl asn1parse -inform DER -in "$1.der" | grep -A1 "OBJECT *:$2\$" | grep -c ' NULL *$' || true)
    if [ "$2" = ecdsa-with-SHA256 ]; then [ "$after" = 0 ] || fail "$2 has parameters"; else [ "$after" = 2 ] || fail "$2 has no parameters"; fi
    # [3], the extensions, is there only when something is in it (RFC 5280 4.1.2.9).
    local extensions
    extensions=$(openssl asn1parse -inform DER -in "$1.der" | grep -c ' cont \[ 3 \]' || true)
    [ "$extensions" = "$3" ] || fail "$1 has $extensions lists of extensions instead of $3"
}

for algorithm in ecdsa rsa; do
    name=ecdsa-with-SHA256
    [ $algorithm = ecdsa ] || name=sha256WithRSAEncryption
    "$print" $algorithm >"$folder/$algorithm.pem"
    "$print" $algorithm call.example.org '*.example.net' 192.0.2.7 2001:db8::7 >"$folder/$algorithm-names.pem"
    by_openssl "$folder/$algorithm.pem" $name 0
    by_openssl "$folder/$algorithm-names.pem" $name 1
    for check in '-checkhost call.example.org' '-checkhost any.example.net' '-checkip 192.0.2.7' '-checkip 2001:db8::7'; do
        # shellcheck disable=SC2086
        openssl x509 -in "$folder/$algorithm-names.pem" -noout $check | grep -q 'does match' || fail "$algorithm: $check"
    done
    openssl x509 -in "$folder/$algorithm-names.pem" -noout -checkip 192.0.2.8 | grep -q 'does NOT match' || fail "$algorithm: another address matches"
    openssl verify -x509_strict -purpose sslserver -CAfile "$folder/$algorithm-names.pem" "$folder/$algorithm-names.pem" >/dev/null || fail 'not for servers'
done
for bad in 'a b' 'a..b' '-a' '1.2.3' "$(printf 'a%.0s' {1..64}).org" '*' 'exa*mple.org' ''; do
    ! "$print" ecdsa "$bad" >/dev/null 2>&1 || fail "'$bad' was taken for a name"
done

"$python" -W error - "$folder" <<'PYTHON'
import datetime, ipaddress, pathlib, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

for algorithm in ('ecdsa', 'rsa'):
    for suffix in ('', '-names'):
        certificate = x509.load_pem_x509_certificate(pathlib.Path(sys.argv[1], f'{algorithm}{suffix}.pem').read_bytes())
        key, signed = certificate.public_key(), certificate.tbs_certificate_bytes
        if algorithm == 'ecdsa':
            key.verify(certificate.signature, signed, ec.ECDSA(hashes.SHA256()))
        else:
            key.verify(certificate.signature, signed, padding.PKCS1v15(), hashes.SHA256())
        assert certificate.version == x509.Version.v3 and 0 < certificate.serial_number < 1 << 127
        assert certificate.issuer == certificate.subject
        assert certificate.not_valid_after - certificate.not_valid_before == datetime.timedelta(days=31)
        extensions = list(certificate.extensions)
        if not suffix:
            assert extensions == []
            continue
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ['call.example.org', '*.example.net']
        assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address('192.0.2.7'), ipaddress.ip_address('2001:db8::7')]
        assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
        assert len(list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)) == 2
PYTHON
