// What the doctor asks of an MDM server: whether it answers Cisco's MDM dialect, one question, and its list.

import type { Check, Outcome } from '../../ports/check.ts';
import type { Clock } from '../../ports/clock.ts';
import { listNoncompliant } from './list-pages.ts';
import type { MdmClient } from './mdm-client.ts';
import { readOne } from './read-one.ts';

/** Of no device: a universally administered address of a block that IEEE has given to no maker. */
const NO_ADDRESS = '00ffff000001';

/** @param needs names of checks without whose success the server cannot be asked */
export function mdmChecks(client: MdmClient, clock: Pick<Clock, 'now'>, needs: readonly string[]): Check[] {
  const { name, preset } = client.connection;
  const information = `mdminfo-${name}`;
  return [
    {
      name: information,
      title: `Version and path of ${preset.title} (mdminfo)`,
      needs,
      async run() {
        const { version, vendor, product, productVersion, queryMaxSize } = await client.information();
        const what = [vendor, product, productVersion].filter((text) => text !== undefined).join(' ');
        return judgeVersion(version, `${what || 'It'} speaks version ${version}, ${queryMaxSize} devices a page.`);
      },
    },
    {
      name: `device-${name}`,
      title: `One question to ${preset.title}`,
      needs: [information],
      async run() {
        const { device } = await readOne(client, clock, 'macaddress', NO_ADDRESS);
        if (device === undefined)
          return { status: 'ok', saw: 'It answers: a device that cannot exist is not known there.' };
        return {
          status: 'warn',
          saw: 'It knows a device that cannot exist.',
          means: 'It answers every question with a device, so none of its answers can be relied on.',
          action: 'Check that the address is that of the MDM, and that nothing on the way answers in its place.',
        };
      },
    },
    {
      name: `list-${name}`,
      title: `First page of the noncompliant list of ${preset.title}`,
      needs: [information],
      async run() {
        const { answer, nextCursor } = await listNoncompliant(client, clock);
        const unnamed = answer.devices.filter(({ id }) => id === undefined).length;
        const more = nextCursor === undefined ? '' : ', and more pages follow';
        return judgeList(`${answer.devices.length} devices${more}.`, unnamed, answer.problems.length);
      },
    },
  ];
}

function judgeVersion(version: number, saw: string): Outcome {
  if (version >= 3) return { status: 'ok', saw };
  return {
    status: 'warn',
    saw,
    means:
      'This version has no GUIDs: its devices are known by their MAC addresses, which phones make up for each network.',
    action: 'Upgrade the MDM to one that answers version 3 of Cisco’s MDM API (that of ISE 3.1).',
  };
}

function judgeList(saw: string, unnamed: number, problems: number): Outcome {
  if (unnamed === 0 && problems === 0) return { status: 'ok', saw };
  return {
    status: 'warn',
    saw: `${saw} ${unnamed} have no GUID, ${problems} fields could not be read.`,
    means: 'Devices without a GUID are not recognised by their certificates, and the others not by such fields.',
    action: 'Look at the answer of the MDM, and report it with its version.',
  };
}
