import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { S3Error } from './s3-error.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressEmptyNode: false,
});
const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: (name) => name === 'Object' || name === 'Part',
});

/** Elements by name; undefined ones are left out. */
export type XmlElements = Readonly<Record<string, unknown>>;

/** An XML answer with one root element in the namespace of S3. */
export function toXml(root: string, elements: XmlElements, namespace = true): string {
  const content = { ...(namespace && { '@xmlns': NAMESPACE }), ...definedOnly(elements) };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: content })}`;
}

function definedOnly(elements: XmlElements): XmlElements {
  return Object.fromEntries(Object.entries(elements).filter(([, value]) => value !== undefined));
}

/**
 * Reads the root element of an XML request.
 *
 * @throws S3Error MalformedXML when it is no XML or has another root
 */
export function fromXml(text: string, root: string): XmlElements {
  let parsed: XmlElements;
  try {
    parsed = parser.parse(text, true) as XmlElements;
  } catch {
    parsed = {};
  }
  const found = parsed[root];
  if (found === null || typeof found !== 'object')
    throw new S3Error('MalformedXML', `The body is not the XML expected here; its root must be <${root}>.`);
  return found as XmlElements;
}
