import { z } from "zod";

/** Headers of requests that change something: who does it, and which version they know. */
export const changeHeaders = z.object({
  "x-keypulse-user": z
    .string()
    .max(100)
    .optional()
    .describe("Who changes it, for the history; the token is the same for all"),
  "if-match": z
    .string()
    .regex(/^(W\/)?"?\d{1,9}"?$/, 'must be a version, such as "3"')
    .optional()
    .describe("Version of the source that the caller knows: 409 where it has another one by now"),
});

export function readChangeHeaders(headers: z.infer<typeof changeHeaders>): {
  who: string;
  expected: number | undefined;
} {
  const version = headers["if-match"]?.replace(/\D/g, "");
  return {
    who: headers["x-keypulse-user"] || "api",
    expected: version === undefined ? undefined : Number(version),
  };
}
