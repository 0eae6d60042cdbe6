// One form for every way to write the same XML: no declaration, no blanks between elements, no comments, attributes in
// order, and entities resolved. As much of Canonical XML 1.1 as documents without DOCTYPE need.

import sax, { type Tag } from 'sax';

export function canonicalXml(xml: string): string {
  const parser = sax.parser(true, { strictEntities: true } as object);
  let written = '';
  let text = '';
  let hasElements = [false];
  const escaped = (value: string): string =>
    value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');
  const flush = (isLeaf: boolean): void => {
    if (isLeaf || text.trim() !== '') written += escaped(text);
    text = '';
  };
  parser.onerror = (error) => {
    throw error;
  };
  parser.ondoctype = () => {
    throw new Error('a DOCTYPE');
  };
  parser.onopentag = (tag) => {
    flush(false);
    const attributes = Object.entries((tag as Tag).attributes).toSorted(([one], [other]) => (one < other ? -1 : 1));
    written += `<${tag.name}${attributes.map(([name, value]) => ` ${name}="${escaped(value)}"`).join('')}>`;
    hasElements[hasElements.length - 1] = true;
    hasElements = [...hasElements, false];
  };
  parser.onclosetag = (name) => {
    flush(hasElements.pop() === false);
    written += `</${name}>`;
  };
  const take = (piece: string): void => {
    text += piece;
  };
  parser.ontext = take;
  parser.oncdata = take;
  parser.write(xml).close();
  return written;
}
