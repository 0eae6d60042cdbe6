// An error for who speaks XML. It is no `ise_api`, so that no reader of Cisco's MDM API takes it for an answer: that
// dialect has no errors but the status.

import { XML_DECLARATION, xmlText } from '../domain/xml-text.ts';

export function showErrorXml(error: {
  readonly code: string;
  readonly message: string;
  readonly action: string;
  readonly field?: string | undefined;
}): string {
  const { code, message, action, field } = error;
  const parts = Object.entries({ code, message, action, field }).map(([name, value]) =>
    value === undefined ? '' : `<${name}>${xmlText(value)}</${name}>`,
  );
  return `${XML_DECLARATION}<error>${parts.join('')}</error>`;
}
