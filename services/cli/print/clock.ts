import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';

/** A moment as people read it in a stream of events: the local time of day, with milliseconds. */
export function clock(moment: Timestamp | Date | undefined): string {
  if (!moment) return '--:--:--.---';
  const date = moment instanceof Date ? moment : new Date(timestampMs(moment));
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits);
  return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function twoDigits(count: number): string {
  return String(count).padStart(2, '0');
}
