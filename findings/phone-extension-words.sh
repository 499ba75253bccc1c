#!/usr/bin/env bash
# google-libphonenumber 3.2.47, awesome-phonenumber 7.8.0, libphonenumber-js 1.13.16.
#
# A number with its extension as people write it in Poland, Germany, Czechia or Brazil ("wew.", "App.", "linka", "ramal"):
# Google's library reads the word as letters on a keypad, so that it becomes digits of the number: a German number with
# "App. 12" is then another one, and awesome-phonenumber calls it valid. libphonenumber-js finds no number at all. Only some
# words (ext., доб., int.) are known as marks.
#
# Why it matters: stored as it comes out, all who write so get wrong numbers, or none.
# Keypulse takes any word between a whole number and some digits more for the mark of an extension.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent google-libphonenumber@3.2.47 awesome-phonenumber@7.8.0 libphonenumber-js@1.13.16
cat >show.mjs <<'END'
import { parsePhoneNumber } from "awesome-phonenumber";
import google from "google-libphonenumber";
import { parsePhoneNumberFromString } from "libphonenumber-js/max";

const util = google.PhoneNumberUtil.getInstance();
const seen = ["+49 30 123456 App. 12", "+48 22 523 40 00 wew. 12", "+420 224 123 456 linka 12", "+55 11 3123-4567 ramal 12", "+7 495 123-45-67 доб. 12"].map((written) => {
  const byGoogle = util.parse(written, "US");
  const byAwesome = parsePhoneNumber(written);
  const byJs = parsePhoneNumberFromString(written);
  return [
    written,
    `google ${util.format(byGoogle, google.PhoneNumberFormat.E164)} ext ${byGoogle.getExtension() ?? "none"}`,
    `awesome ${byAwesome.number?.e164} ${byAwesome.valid ? "valid" : "invalid"}`,
    `js ${byJs === undefined ? "no number" : `${byJs.number} ext ${byJs.ext ?? "none"}`}`,
  ].join(" | ");
});
console.log(seen.join("\n"));
END
node show.mjs | tee seen.txt
diff seen.txt - <<'END'
+49 30 123456 App. 12 | google +493012345627712 ext none | awesome +493012345627712 valid | js no number
+48 22 523 40 00 wew. 12 | google +4822523400093912 ext none | awesome +4822523400093912 invalid | js no number
+420 224 123 456 linka 12 | google +4202241234565465212 ext none | awesome +4202241234565465212 invalid | js no number
+55 11 3123-4567 ramal 12 | google +5511312345677262512 ext none | awesome +5511312345677262512 invalid | js no number
+7 495 123-45-67 доб. 12 | google +74951234567 ext 12 | awesome +74951234567 valid | js +74951234567 ext 12
END
echo "as it was"
