export interface ConditionFault {
  /** For the person who wrote it. */
  readonly message: string;
}

/** Functions of values alone: none reads a table, a file, a dictionary or a setting, none waits. */
const functions = new Set(
  (
    "abs round floor ceil least greatest if multiif coalesce ifnull nullif isnull isnotnull empty notempty length lower upper " +
    "trim startswith endswith position positioncaseinsensitive like ilike match has hasany hasall in not today yesterday now todate " +
    "todatetime datediff adddays addweeks addmonths subtractdays subtractweeks subtractmonths tostartofmonth tostartofquarter " +
    "tostartofyear tomonday toyear tomonth todayofweek todayofmonth tohour tofloat64 toint64 tostring toquarter between interval " +
    "and or todecimal64 tuple array"
  ).split(" "),
);

/** Words that begin something else than a condition, or name another table. */
const forbidden = new Set(
  "select from join union intersect except with settings format into insert alter drop create system using final sample over window lambda limit offset qualify".split(
    " ",
  ),
);

const token = /\s+|'(?:[^'\\]|\\.|'')*'|[A-Za-z_][A-Za-z0-9_]*|\d+(?:\.\d+)?|<=|>=|!=|<>|\|\||[=<>+\-*/%(),[\]]/y;

/**
 * Whether a text is a condition over columns and nothing else. Comments, semicolons, braces, dots (other tables), quoted
 * names (functions may hide in them) and subqueries are no part of one. @returns undefined where it is
 */
export function checkCondition(sql: string): ConditionFault | undefined {
  const open: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < sql.length; at = token.lastIndex) {
    token.lastIndex = at;
    const [text] = token.exec(sql) ?? [];
    if (text === undefined) {
      return { message: `"${sql.slice(at, at + 12)}" can't stand in a condition (column ${at + 1})` };
    }
    if (/^\s/.test(text)) continue;
    if ((text === "-" || text === "/") && (sql.startsWith("--", at) || sql.startsWith("/*", at))) {
      return { message: `a condition has no comments (column ${at + 1})` };
    }
    if (text === "(" && word !== undefined && !functions.has(word)) {
      return { message: `the function ${word} can't be used in a segment; use columns of clients and plain functions` };
    }
    if (text === "(" || text === "[") open.push(text === "(" ? ")" : "]");
    else if ((text === ")" || text === "]") && open.pop() !== text) {
      return { message: `a bracket is closed that was not opened (column ${at + 1})` };
    }
    word = /^[A-Za-z_]/.test(text) ? text.toLowerCase() : undefined;
    if (word !== undefined && forbidden.has(word)) {
      return { message: `"${text}" can't stand in a condition: it is about columns of the view clients alone` };
    }
  }
  return open.length === 0 ? undefined : { message: "a bracket is not closed" };
}
