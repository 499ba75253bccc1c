#!/usr/bin/env bash
# libphonenumber-js 1.13.16 with its smallest and its largest metadata.
#
# Mexico gave up the 1 after +52 in 2019, and Brazil's mobiles had got a ninth digit by 2016. Address books and web shops still
# hold the old forms. +52 1 and ten digits is parsed and then not even possible; Brazil's eight digits stay possible, invalid,
# and another number than that of the same telephone today.
#
# Why it matters: whoever takes what is possible loses the Mexican ones and makes two people of a Brazilian with both forms.
# Keypulse writes both in the form of today.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent libphonenumber-js@1.13.16
cat >show.mjs <<'END'
import { parsePhoneNumberFromString as max } from "libphonenumber-js/max";
import { parsePhoneNumberFromString as min } from "libphonenumber-js/min";

for (const written of ["+52 1 55 1234 5678", "+52 55 1234 5678", "+55 11 8123-4567", "+55 11 98123-4567"]) {
  const said = [min(written), max(written)].map((number) => `${number.number} possible ${number.isPossible()}`);
  console.log(`${written} | min ${said[0]} | max ${said[1]} valid ${max(written).isValid()}`);
}
END
node show.mjs | tee seen.txt
diff seen.txt - <<'END'
+52 1 55 1234 5678 | min +5215512345678 possible false | max +5215512345678 possible false valid false
+52 55 1234 5678 | min +525512345678 possible true | max +525512345678 possible true valid true
+55 11 8123-4567 | min +551181234567 possible true | max +551181234567 possible true valid false
+55 11 98123-4567 | min +5511981234567 possible true | max +5511981234567 possible true valid true
END
echo "as it was"
