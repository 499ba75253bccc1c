import { createHash } from "node:crypto";
import { dateHistory, readHistory } from "./history.ts";
const h = await readHistory();
const d = createHash("sha256");
for (const { value } of dateHistory(h, { lastDay: "2024-06-30", timeZone: "Europe/London" })) d.update(value);
console.log(d.digest("hex"));
