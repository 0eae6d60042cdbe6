// Reads an answer of the Compliance Retrieval service in the Cisco MDM dialect: `ise_api` with a `deviceList`. Names
// are lower case in version 2 and partly capitalised, within a namespace, in version 3, so they are compared without
// prefix and letter case. Everything in it is hostile: there is no DOCTYPE, no entity but XML's own five, no unbounded
// nesting.

import sax, { type QualifiedTag, type SAXParser, type Tag } from 'sax';
import { isDeviceId } from '../../domain/device/device.ts';
import { canIdentifyDevice, isLocallyAdministered, parseMacAddress } from '../../domain/mac-address.ts';
import { SourceError } from '../../errors.ts';
import type { RetrievedDevice } from '../../ports/compliance-retrieval.ts';
import type { RecordProblem } from '../../ports/compliance-source.ts';

/** 200,000 devices at 350 characters; more is no answer. */
const LONGEST_ANSWER = 70_000_000;
const DEEPEST = 16;
const LONGEST_VALUE = 256;

/** Strict entities: XML's own five instead of HTML's. The type declarations do not know the option. */
const PARSER_OPTIONS = { trim: false, normalize: false, strictEntities: true };

export interface ComplianceAnswer {
  readonly devices: readonly ListedDevice[];
  readonly problems: readonly RecordProblem[];
  /** What to pass as `paging` for the next page; absent on the last one. */
  readonly nextPage?: string;
}

export interface ListedDevice extends RetrievedDevice {
  /** `register_status`; absent when the answer does not say. */
  readonly registered?: boolean;
}

/** @throws SourceError NAC_SOURCE_PAGE when it is no such answer, or not all of it */
export function readComplianceXml(xml: string): ComplianceAnswer {
  if (xml.length > LONGEST_ANSWER) throw malformed(`is too long (${xml.length} characters)`);
  return new ComplianceReader().read(xml);
}

class ComplianceReader {
  readonly #devices: ListedDevice[] = [];
  readonly #problems: RecordProblem[] = [];
  /** Names of the open elements, outermost first. */
  readonly #path: string[] = [];
  #text = '';
  /** What the device under way has said, by field. */
  #record: Map<string, Set<string>> | undefined;
  #begun = false;
  #answerName = '';
  #pagingInfo = '';

  read(xml: string): ComplianceAnswer {
    const parser = sax.parser(true, PARSER_OPTIONS);
    parser.onerror = (error) => {
      throw malformed(`is no well-formed XML (${String(error.message).split('\n')[0]?.slice(0, 100)})`);
    };
    parser.ondoctype = () => {
      throw malformed('has a DOCTYPE');
    };
    parser.onopentag = (tag) => this.#open(tag);
    parser.onclosetag = () => this.#close();
    parser.ontext = (text) => this.#take(text);
    parser.oncdata = (text) => this.#take(text);
    parseAll(parser, xml);
    if (!this.#begun) throw malformed('is empty');
    if (this.#answerName !== '' && this.#answerName !== 'attributes') {
      throw malformed(`is called "${this.#answerName.slice(0, 40)}", not "attributes"`);
    }
    const nextPage = /^0*$/.test(this.#pagingInfo) ? {} : { nextPage: this.#pagingInfo };
    return { devices: this.#devices, problems: this.#problems, ...nextPage };
  }

  #open({ name }: Tag | QualifiedTag): void {
    const local = name.slice(name.indexOf(':') + 1).toLowerCase();
    if (this.#path.length === 0 && local !== 'ise_api') throw malformed(`begins with <${local.slice(0, 40)}>`);
    if (this.#path.length >= DEEPEST) throw malformed('is nested too deeply');
    if (local === 'device') {
      if (this.#record !== undefined) throw malformed('has a device within a device');
      this.#record = new Map();
    }
    this.#begun = true;
    this.#path.push(local);
    this.#text = '';
  }

  #take(text: string): void {
    if (this.#text.length < LONGEST_VALUE) this.#text += text;
  }

  #close(): void {
    const name = this.#path.pop() ?? '';
    const value = this.#text.slice(0, LONGEST_VALUE).trim();
    this.#text = '';
    if (name === 'device') this.#finishDevice();
    else if (this.#record !== undefined) this.#note(name, value);
    else if (this.#path.length === 1 && name === 'name') this.#answerName = value.toLowerCase();
    else if (this.#path.length === 1 && name === 'paging_info') this.#pagingInfo = value;
  }

  #note(name: string, value: string): void {
    const field = name === 'status' && this.#path.at(-1) === 'compliance' ? 'compliance' : name;
    if (!FIELDS.has(field) || value === '') return;
    const values = this.#record?.get(field) ?? new Set();
    this.#record?.set(field, values.add(value.toLowerCase()));
  }

  #finishDevice(): void {
    const record = this.#record ?? new Map<string, Set<string>>();
    this.#record = undefined;
    const id = this.#value(record, 'guid', (text) => (isDeviceId(text) ? text : undefined));
    const mac = this.#value(record, 'macaddress', parseMacAddress);
    const registered = this.#value(record, 'register_status', readFlag);
    const compliant = this.#value(record, 'compliance', readFlag);
    // A device is recognised without its address; it cannot be judged without the rest.
    if (id === null || registered === null || compliant === null) return;
    const real = mac && (canIdentifyDevice(mac) || isLocallyAdministered(mac)) ? mac : undefined;
    if (!id && !real) {
      this.#problem('guid', 'is missing, and so is macaddress');
      return;
    }
    this.#devices.push({
      ...(id && { id }),
      ...(real && { mac: real }),
      ...(typeof registered === 'boolean' && { registered }),
      ...(typeof compliant === 'boolean' && { compliant }),
    });
  }

  /** `undefined` when nothing was said, `null` when it makes no sense or contradicts itself: no such record counts. */
  #value<T>(
    record: Map<string, Set<string>>,
    field: string,
    read: (text: string) => T | undefined,
  ): T | undefined | null {
    const [text, other] = record.get(field) ?? [];
    if (text === undefined) return undefined;
    const value = other === undefined ? read(text) : undefined;
    if (value !== undefined) return value;
    this.#problem(field, other === undefined ? 'cannot be read' : 'is said twice, differently');
    return null;
  }

  #problem(field: string, problem: string): void {
    this.#problems.push({ field, problem });
  }
}

const FIELDS = new Set(['guid', 'macaddress', 'register_status', 'compliance']);

function readFlag(text: string): boolean | undefined {
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}

/** In pieces, since the parser looks at its buffers between them only. */
function parseAll(parser: SAXParser, xml: string): void {
  for (let start = 0; start < xml.length; start += 65_536) parser.write(xml.slice(start, start + 65_536));
  parser.close();
}

function malformed(problem: string): SourceError {
  return new SourceError('NAC_SOURCE_PAGE', `The Compliance Retrieval service’s answer ${problem}.`, {
    action: 'It is asked again by itself; check for a proxy that changes answers if it goes on.',
    field: 'body',
  });
}
