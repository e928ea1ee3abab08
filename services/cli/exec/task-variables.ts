import type { TaskContext } from '../../agent/index.ts';
import { troupeError, type Violation } from '../../protocol/reason.ts';

/**
 * The most bytes of one variable: Linux takes 128 KiB of one (MAX_ARG_STRLEN), less room for its name.
 * Source: https://man7.org/linux/man-pages/man2/execve.2.html
 */
const MAX_VARIABLE_BYTES = 128 * 1024 - 32;

/**
 * What a program finds in its environment about its task: TROUPE_TASK_ID, TROUPE_TIMEOUT_MS (milliseconds) and
 * TROUPE_TASK. An id or a free text that no environment can hold, having a NUL or more than 131,040 bytes, is
 * INVALID_MESSAGE.
 */
export function taskVariables({ message, remainingMs }: TaskContext): Record<string, string> {
  const { id, task } = message;
  const violations = [...check('id', id), ...check('task', task)];
  const [first] = violations;
  if (first) {
    const text = `The program cannot be told of the task: ${first.field} ${first.description}.`;
    throw troupeError('INVALID_MESSAGE', text, { violations });
  }
  return {
    TROUPE_TASK_ID: id,
    TROUPE_TIMEOUT_MS: String(Math.floor(remainingMs)),
    TROUPE_TASK: task,
  };
}

function check(field: string, value: string): Violation[] {
  const instead = 'send it in the payload';
  if (value.includes('\0')) {
    return [{ field, description: `holds a NUL, which no environment variable can: ${instead}` }];
  }
  const bytes = Buffer.byteLength(value);
  if (bytes <= MAX_VARIABLE_BYTES) return [];
  const most = `an environment variable holds ${MAX_VARIABLE_BYTES}`;
  return [{ field, description: `has ${bytes} bytes, and ${most}: ${instead}` }];
}
