import { describe, expect, it } from "vitest";
import { createCompanyDomain } from "./companyDomain.ts";
import { defaultIdentitySettings } from "./settings.ts";

const companyDomain = createCompanyDomain(defaultIdentitySettings);

describe("Free mail makes no company", () => {
  it.each([
    ["worldwide", "gmail.com fastmail.com duck.com proton.me tutamail.com tutanota.com gmx.com zoho.com icloud.com"],
    ["Poland", "wp.pl o2.pl onet.pl onet.eu op.pl tlen.pl interia.pl vp.pl gazeta.pl buziaczek.pl"],
    ["Russia and Kazakhstan", "mail.ru yandex.ru ya.ru internet.ru rambler.ru yandex.kz bk.ru"],
    ["Ukraine and Belarus", "ukr.net i.ua meta.ua bigmir.net tut.by online.ua"],
    ["Czechia and Slovakia", "seznam.cz email.cz centrum.cz volny.cz azet.sk zoznam.sk"],
    ["Hungary, Romania, Bulgaria", "freemail.hu citromail.hu indamail.hu abv.bg mail.bg dir.bg"],
    ["the Baltics", "inbox.lv inbox.lt one.lt mail.ee hot.ee takas.lt"],
    ["Germany, Austria, Switzerland", "gmx.de web.de t-online.de posteo.de mailbox.org gmx.at bluewin.ch hispeed.ch"],
    ["the Netherlands and Belgium", "ziggo.nl kpnmail.nl planet.nl skynet.be telenet.be"],
    ["France, Italy, Spain, Portugal", "orange.fr laposte.net free.fr libero.it virgilio.it sapo.pt"],
    ["the Nordics", "online.no telia.com spray.se jubii.dk luukku.com"],
  ])("of %s", (_, domains) => {
    expect(domains.split(" ").filter((domain) => companyDomain(`ana@${domain}`) !== undefined)).toEqual([]);
  });

  it("and leaves companies what they are", () => {
    const companies =
      "siemens.com allegro.pl orlen.pl sberbank.ru lukoil.ru mol.hu cez.cz nokia.com philips.com bmw.de";
    expect(companies.split(" ").map((domain) => companyDomain(`ana@${domain}`))).toEqual(companies.split(" "));
    expect(companyDomain("ana@mail.acme.co.uk")).toBe("acme.co.uk");
    expect(companyDomain("ana@acme.msk.ru")).toBe("acme.msk.ru");
    expect(companyDomain("ana@msk.ru")).toBeUndefined();
  });
});
