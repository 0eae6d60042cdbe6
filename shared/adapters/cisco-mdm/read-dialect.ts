// Reads the XML of an answer in Cisco's MDM dialect into plain fields: those of the answer, and those of each device.
// Servers write names in their own letter case, within a namespace or without, and leave out or repeat elements, so
// names are compared without prefix and letter case. Everything in it is hostile: there is no DOCTYPE, no entity but
// XML's own five, no unbounded nesting, length or number.

import sax, { type QualifiedTag, type SAXParser, type Tag } from 'sax';
import { ANSWER_ELEMENTS, ATTRIBUTES, COMPLIANCE_ELEMENTS, ROOT_ELEMENT } from '../../domain/mdm-dialect.ts';
import { SourceError } from '../../errors.ts';

/** Characters: 200,000 devices at 350 of them; more is no answer. */
const LONGEST_ANSWER = 70_000_000;
const DEEPEST = 16;
/** Characters of a value that are kept: one more than any reader accepts, so that a value that was cut is none. */
const LONGEST_VALUE = 257;
/** Different values of one field that are kept: two contradict each other already. */
const MOST_VALUES = 8;

/** Strict entities: XML's own five instead of HTML's. The type declarations do not know the option. */
const PARSER_OPTIONS = { trim: false, normalize: false, strictEntities: true };

/** Every value that was given for a name in lower case, as it was written; no value is empty. */
export type Fields = ReadonlyMap<string, ReadonlySet<string>>;

/** The verdict, `status` within `compliance`, has this name among the fields: other elements may hold a status, too. */
export const VERDICT = ATTRIBUTES.compliance;

export interface DialectReading {
  /** The service in words, for errors: `The Compliance Retrieval service`. */
  readonly service: string;
  /** What the element `name` must say, where it is there. */
  readonly answerName: string;
  /** Takes the fields of each device, in the order of the answer. */
  readonly onDevice?: (fields: Fields) => void;
}

/**
 * @returns the fields directly below the root
 * @throws SourceError NAC_SOURCE_PAGE when it is no such answer, or not all of it
 */
export function readDialect(xml: string, reading: DialectReading): Fields {
  return new DialectReader(reading).read(xml);
}

class DialectReader {
  readonly #reading: DialectReading;
  readonly #fields = new Map<string, Set<string>>();
  /** Names of the open elements, outermost first. */
  readonly #path: string[] = [];
  #text = '';
  /** What the device under way has said. */
  #device: Map<string, Set<string>> | undefined;
  #begun = false;

  constructor(reading: DialectReading) {
    this.#reading = reading;
  }

  read(xml: string): Fields {
    if (xml.length > LONGEST_ANSWER) throw this.#malformed(`is too long (${xml.length} characters)`);
    const parser = sax.parser(true, PARSER_OPTIONS);
    parser.onerror = (error) => {
      throw this.#malformed(`is no well-formed XML (${String(error.message).split('\n')[0]?.slice(0, 100)})`);
    };
    parser.ondoctype = () => {
      throw this.#malformed('has a DOCTYPE');
    };
    parser.onopentag = (tag) => this.#open(tag);
    parser.onclosetag = () => this.#close();
    parser.ontext = (text) => this.#take(text);
    parser.oncdata = (text) => this.#take(text);
    parseAll(parser, xml);
    if (!this.#begun) throw this.#malformed('is empty');
    const { answerName } = this.#reading;
    for (const name of this.#fields.get(ANSWER_ELEMENTS.name) ?? []) {
      if (name.toLowerCase() === answerName) continue;
      throw this.#malformed(`is called "${name.toLowerCase().slice(0, 40)}", not "${answerName}"`);
    }
    return this.#fields;
  }

  #open({ name }: Tag | QualifiedTag): void {
    const local = name.slice(name.indexOf(':') + 1).toLowerCase();
    if (this.#path.length === 0 && local !== ROOT_ELEMENT) {
      throw this.#malformed(`begins with <${local.slice(0, 40)}>`);
    }
    if (this.#path.length >= DEEPEST) throw this.#malformed('is nested too deeply');
    if (local === ANSWER_ELEMENTS.device) {
      if (this.#device !== undefined) throw this.#malformed('has a device within a device');
      this.#device = new Map();
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
    if (name === ANSWER_ELEMENTS.device) this.#finishDevice();
    else if (this.#device !== undefined) note(this.#device, this.#fieldOf(name), value);
    else if (this.#path.length === 1) note(this.#fields, name, value);
  }

  #fieldOf(name: string): string {
    const isVerdict = name === COMPLIANCE_ELEMENTS.status && this.#path.at(-1) === ATTRIBUTES.compliance;
    return isVerdict ? VERDICT : name;
  }

  #finishDevice(): void {
    const device = this.#device ?? new Map<string, Set<string>>();
    this.#device = undefined;
    this.#reading.onDevice?.(device);
  }

  #malformed(problem: string): SourceError {
    return new SourceError('NAC_SOURCE_PAGE', `${this.#reading.service}’s answer ${problem}.`, {
      action: 'It is asked again by itself; check for a proxy that changes answers if it goes on.',
      field: 'body',
    });
  }
}

function note(fields: Map<string, Set<string>>, name: string, value: string): void {
  if (value === '') return;
  const values = fields.get(name);
  if (values === undefined) fields.set(name, new Set([value]));
  else if (values.size < MOST_VALUES) values.add(value);
}

/** In pieces, since the parser looks at its buffers between them only. */
function parseAll(parser: SAXParser, xml: string): void {
  for (let start = 0; start < xml.length; start += 65_536) parser.write(xml.slice(start, start + 65_536));
  parser.close();
}
