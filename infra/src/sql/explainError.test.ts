import { expect, test } from "vitest";
import { explainError } from "./explainError.ts";

test("an error is one line: what is wrong, its name, and what helps", () => {
  const answer =
    "Code: 47. DB::Exception: Unknown expression identifier `nix` in scope SELECT nix FROM numbers(1). (UNKNOWN_IDENTIFIER) (version 26.7.2.1)\n";
  expect(explainError(answer)).toBe(
    "Unknown expression identifier `nix`. [UNKNOWN_IDENTIFIER] `\\d NAME` lists the columns.",
  );
});

test("a syntax error says where, without the list of all that could stand there", () => {
  const answer =
    "Code: 62. DB::Exception: Syntax error: failed at position 7 (1): 1. Expected one of: token sequence, Dot. (SYNTAX_ERROR) (version 26.7.2.1)\n";
  expect(explainError(answer)).toBe("Syntax error: failed at position 7 (1): 1. [SYNTAX_ERROR]");
});

test("text that is no ClickHouse error stays as it is", () => {
  expect(explainError("Bad gateway\n")).toBe("Bad gateway.");
});
