/**
 * What positions call a topic: one that was deleted and made again, or is another Kafka's, begins anew with offset 0, so
 * all its lives but the first carry their number. Topics of Kafka have no @ in their names.
 */
export const placeOf = (topic: string, life: number): string => (life === 1 ? topic : `${topic}@${life}`);

export function lifeOfPlace(place: string): { topic: string; life: number } {
  const [topic = "", life] = place.split("@");
  return { topic, life: life === undefined ? 1 : Number(life) };
}
