import { readFileSync } from 'node:fs';
import type { Usage } from './role.ts';

/** The clock ticks of /proc in a second: USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Where /proc/PID/stat holds utime, stime and rss, counted from the field after the name in parentheses. */
const [UTIME, STIME, RSS] = [11, 12, 21] as const;
const PAGE_BYTES = 4096;

/** What a process that is no role of ours has used, from /proc. NaN on a system that has none. */
export function usageOf(pid: number): Usage {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const cpuUs = ((fields[UTIME]! + fields[STIME]!) * 1e6) / TICKS_PER_SECOND;
    return { cpuUs, rssBytes: fields[RSS]! * PAGE_BYTES };
  } catch {
    return { cpuUs: Number.NaN, rssBytes: Number.NaN };
  }
}
