#!/usr/bin/env bash
# email-providers 2.26.0, free-email-domains 1.12.6, company-email-validator 1.2.7, freemail 1.7.0 (npm).
#
# Four lists of domains where anybody may have a mailbox, asked for providers that are among the largest of their countries.
# None has all: the first has none of the twelve (fastmail.com, onet.eu, ziggo.nl, posteo.de, ...), the last lacks seven, and no
# list has internet.ru, where mail.ru gives mailboxes to anybody.
#
# Why it matters: whoever takes the domain of an address for a company makes one client of all users of such a provider.
# Keypulse joins three of them and adds what all lack (packages/identity/README.md has the table by country).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent --ignore-scripts email-providers@2.26.0 free-email-domains@1.12.6 company-email-validator@1.2.7 freemail@1.7.0
cat >show.cjs <<'END'
const lists = {
  "email-providers": new Set(require("email-providers/all.json")),
  "free-email-domains": new Set(require("free-email-domains")),
  "company-email-validator": require("company-email-validator/free_email_provider_domains.js"),
  freemail: new Set(require("fs").readFileSync("node_modules/freemail/data/free.txt", "utf8").split(/\s+/)),
};
const asked = "fastmail.com op.pl onet.eu tlen.pl ziggo.nl posteo.de citromail.hu mail.bg internet.ru tutanota.com hispeed.ch telia.com".split(" ");
for (const [name, list] of Object.entries(lists)) {
  console.log(`${name} lacks: ${asked.filter((domain) => !list.has(domain)).join(" ")}`);
}
END
node show.cjs | tee seen.txt
diff seen.txt - <<'END'
email-providers lacks: fastmail.com op.pl onet.eu tlen.pl ziggo.nl posteo.de citromail.hu mail.bg internet.ru tutanota.com hispeed.ch telia.com
free-email-domains lacks: internet.ru tutanota.com hispeed.ch telia.com
company-email-validator lacks: internet.ru
freemail lacks: tlen.pl posteo.de citromail.hu internet.ru tutanota.com hispeed.ch telia.com
END
echo "as it was"
