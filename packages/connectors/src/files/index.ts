export { addDecimals } from "../amounts.ts";
export { isTimeZone } from "./cells.ts";
export { columnsOf, delimiterOf } from "./csv.ts";
export { type Recognition, recogniseFile, type TableName } from "./knownTables.ts";
export { type FileMapping, parseMapping } from "./mapping.ts";
export type { ReadOptions } from "./orderFormat.ts";
export { type FileFormat, type ReadOrder, readOrders } from "./readOrders.ts";
export { decodeText, type FileBytes, UnreadableFile } from "./text.ts";
