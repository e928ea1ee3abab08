import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { ErrorReason } from '../../../gen/troupe/v1/error_reason_pb.js';
import { TROUPE_DOMAIN } from '../../protocol/reason.ts';
import { uuid7 } from '../../protocol/uuid7.ts';
import { MAX_STATUS_DETAILS, MAX_STATUS_TEXT } from '../../rpc/status-details.ts';
import { refusalIn, resultIn } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { atEveryDoor } from '../doors.ts';
import { explain, shown } from '../summarize.ts';

/** Fields of an ErrorInfo's metadata that the contract names. */
const WHERE = ['agent', 'instance', 'capability', 'step'];

/** How failures are told. */
export const errorChecks: readonly Check[] = [
  {
    id: 'errors.handler',
    rule: "A handler that fails is UNKNOWN / HANDLER_FAILED, with the handler's own words.",
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const error = refusalIn(await ask(visit.probe({ fail: 'the oven is cold' })), 'HANDLER_FAILED');
        if (!error.message.includes('the oven is cold'))
          throw breach(`its text is "${shown(error.message)}"`);
        return `${explain(error)}: ${shown(error.message)}`;
      }),
  },
  {
    id: 'errors.info',
    rule: 'Among the details of a failure is one ErrorInfo of the domain "troupe", with a reason of the list and where it was.',
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const { error } = await ask({ id: uuid7(), capability: 'conformance.there-is-no-such-thing' });
        if (!error) throw breach('a task for an unknown capability did not fail');
        const infos = error.details
          .map((detail) => anyUnpack(detail, ErrorInfoSchema))
          .filter((info) => info?.domain === TROUPE_DOMAIN);
        const [info] = infos;
        if (!info || infos.length > 1) throw breach(`${infos.length} ErrorInfos of the domain "troupe"`);
        if (!(info.reason in ErrorReason) || info.reason === 'UNSPECIFIED')
          throw breach(`the reason "${info.reason}"`);
        const odd = Object.keys(info.metadata).filter((key) => !WHERE.includes(key));
        if (odd.length > 0) throw breach(`its metadata holds ${odd.join(', ')}`);
        return `${info.reason}, metadata ${JSON.stringify(info.metadata)}`;
      }),
  },
  {
    id: 'errors.bounds',
    rule: `The text of a failure has at most ${MAX_STATUS_TEXT} characters, its details at most 4 KiB, whatever the handler says.`,
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const { message, details } = refusalIn(
          await ask(visit.probe({ fail: '🙂é\n'.repeat(10_000) })),
          'HANDLER_FAILED',
        );
        const characters = [...message].length;
        const bytes = details.reduce((sum, { value }) => sum + value.length, 0);
        if (characters > MAX_STATUS_TEXT || bytes > MAX_STATUS_DETAILS) {
          throw breach(`${characters} characters of text, ${bytes} bytes of details`);
        }
        return `${characters} characters of text, ${bytes} bytes of details`;
      }),
  },
  {
    id: 'errors.contained',
    rule: 'A task that fails does not hurt the next one.',
    needs: ['probe'],
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const { error } = await ask(visit.probe({ fail: 'once' }));
        if (!error) throw breach('the task that was to fail did not');
        resultIn(await ask(visit.probe()));
        return 'RESULT, after an ERROR';
      }),
  },
];
