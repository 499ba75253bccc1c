import type { ChangeTable } from "../outputs/changeTable.ts";
import type { SegmentTopic } from "../outputs/segmentTopic.ts";

/** Publishes what was stored, then notes that it was: a kill between the two tells it again, under the same ids. */
export function createAnnounceChanges(changes: ChangeTable, topic: SegmentTopic) {
  return async function announceChanges(): Promise<number> {
    const news = await changes.unannounced();
    if (news.length === 0) return 0;
    await topic.publish(news);
    await changes.announced(news);
    return news.length;
  };
}
