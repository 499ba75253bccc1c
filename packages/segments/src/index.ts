export { type ConditionFault, checkCondition } from "./checkCondition.ts";
export { queryOf, type SegmentQuery } from "./queryOf.ts";
export {
  type Condition,
  conditionSchema,
  type Segment,
  segmentIdSchema,
  segmentKind,
  segmentSchema,
} from "./segment.ts";
