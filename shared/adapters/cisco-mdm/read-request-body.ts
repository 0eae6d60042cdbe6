// Reads which devices the body of an action, a message or a batch names. It is XML, whatever Content-Type says; IBM's
// description sends a form instead, or the XML as a part of one. Everything in it is hostile: there is no DOCTYPE, no
// entity but XML's own five, no unbounded nesting. No description names the root of a batch, so it may be any.

import sax, { type QualifiedTag, type Tag } from 'sax';
import { LONGEST_GUID } from '../../domain/mdm-dialect.ts';
import type { NamedInBody } from '../../domain/mdm-documents.ts';
import { RequestError } from '../../errors.ts';

const DEEPEST = 8;
/** Devices that one request may name. */
export const MOST_NAMED = 100;
/** Elements that name a device, in lower case. */
const NAMING = new Set(['value', 'macaddress', 'guid', 'guidhn', 'udid', 'imei', 'meid']);
/** Strict entities: XML's own five instead of HTML's. The type declarations do not know the option. */
const PARSER_OPTIONS = { trim: false, normalize: false, strictEntities: true };

/**
 * @param body as it came; the route bounds its length
 * @throws RequestError 400 NAC_REQUEST_NOT_XML
 */
export function readRequestBody(body: string): readonly NamedInBody[] {
  const content = partOfForm(body)
    .trimStart()
    .replace(/^\ufeff/, '');
  if (content === '') return [];
  return bounded(content.startsWith('<') ? readXml(content) : readForm(content));
}

/** Of a form in parts (RFC 7578) the first that holds XML. */
function partOfForm(body: string): string {
  const boundary = /^--[^\r\n]{1,70}(?=\r?\n)/.exec(body)?.[0];
  if (boundary === undefined) return body;
  for (const part of body.split(boundary).slice(1)) {
    const begin = /\r?\n\r?\n/.exec(part);
    const content = begin === null ? '' : part.slice(begin.index + begin[0].length).trim();
    if (content.startsWith('<')) return content;
  }
  return '';
}

function readForm(content: string): NamedInBody[] {
  const named = [...new URLSearchParams(content)].map(([name, value]) => ({ element: name.toLowerCase(), value }));
  const found = named.filter(({ element }) => NAMING.has(element));
  if (found.length === 0) throw notXml('is neither XML nor a form with values');
  return found.map(({ element, value }) => ({ element, value: checked(value) }));
}

function readXml(xml: string): NamedInBody[] {
  const named: NamedInBody[] = [];
  const path: string[] = [];
  let text = '';
  let begun = false;
  const parser = sax.parser(true, PARSER_OPTIONS);
  parser.onerror = (error) => {
    throw notXml(`is no well-formed XML (${String(error.message).split('\n')[0]?.slice(0, 100)})`);
  };
  parser.ondoctype = () => {
    throw notXml('has a DOCTYPE');
  };
  parser.onopentag = ({ name }: Tag | QualifiedTag) => {
    const local = name.slice(name.indexOf(':') + 1).toLowerCase();
    if (begun && path.length === 0) throw notXml('holds a second document');
    if (path.length >= DEEPEST) throw notXml('is nested too deeply');
    begun = true;
    path.push(local);
    text = '';
  };
  parser.onclosetag = () => {
    const element = path.pop() ?? '';
    if (NAMING.has(element)) {
      named.push({ element, value: checked(text) });
      if (named.length > MOST_NAMED) throw tooMany();
    }
    text = '';
  };
  const take = (piece: string): void => {
    if (text.length <= LONGEST_GUID) text += piece;
  };
  parser.ontext = take;
  parser.oncdata = take;
  parser.write(xml).close();
  if (!begun) throw notXml('holds no element');
  return named;
}

function checked(text: string): string {
  const value = text.trim();
  if (Buffer.byteLength(value) > LONGEST_GUID) throw notXml(`names a device by more than ${LONGEST_GUID} bytes`);
  return value;
}

function bounded(named: readonly NamedInBody[]): readonly NamedInBody[] {
  if (named.length > MOST_NAMED) throw tooMany();
  return named.filter(({ value }) => value !== '');
}

function tooMany(): RequestError {
  return notXml(`names more than ${MOST_NAMED} devices`);
}

function notXml(problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_NOT_XML', `The body ${problem}.`, {
    action: 'Send a document of the MDM API; docs/cisco-ise.md says what is read.',
    field: 'body',
  });
}
