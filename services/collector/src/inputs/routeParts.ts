import type { SourceBook } from "@keypulse/sources";
import type { InTurn } from "../steps/inTurn.ts";
import type { TakeRequest } from "../steps/takeRequest.ts";
import type { RateLimits } from "./rateLimits.ts";

/** What every route needs. */
export interface RouteParts {
  book: SourceBook;
  limits: RateLimits;
  inTurn: InTurn;
  take: TakeRequest;
  /** The address that providers know, without a slash at its end. */
  publicUrl(): string;
}
