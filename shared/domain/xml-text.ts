// Text as XML 1.0 may hold it, within an element or an attribute.

/** Everything but Char of XML 1.0 (section 2.2); a half of a surrogate pair is no character. */
const NO_CHARACTER = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const MARKUP = /[&<>"'\r]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A reader turns a bare one into a line feed (section 2.11).
  '\r': '&#13;',
};

/** Escapes what is markup, and leaves out what no document may hold. */
export function xmlText(text: string): string {
  return text.replace(NO_CHARACTER, '').replace(MARKUP, (character) => ESCAPES[character] ?? '');
}

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
