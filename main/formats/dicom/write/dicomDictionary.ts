/** Keywords, tags and value representations of PS3.6, from dcmjs. */
import dcmjs from 'dcmjs';

export interface DicomAttribute {
  /** Eight hexadecimal digits, upper case, as the DICOM JSON model names it. */
  readonly tag: string;
  readonly vr: string;
}

/** US or SS, OB or OW depend on the pixels; what Maskloop writes is unsigned and bytes unless the writer says otherwise. */
const DEPENDING: Readonly<Record<string, string>> = { xs: 'US', ox: 'OB' };

const byKeyword = dcmjs.data.DicomMetaDictionary.nameMap;
let byTag: ReadonlyMap<string, { readonly keyword: string; readonly vr: string }> | undefined;

/** e.g. `PatientName`. Throws for a keyword that the standard does not have: a slip of the pen, not of a file. */
export function attributeNamed(keyword: string): DicomAttribute {
  const entry = byKeyword[keyword];
  if (!entry) throw new Error(`no DICOM attribute is called ${keyword}`);
  return { tag: plainTag(entry.tag), vr: DEPENDING[entry.vr] ?? entry.vr };
}

/** Of a tag such as `00100010`, for files of implicit VR; `undefined` for private and unknown ones. */
export const vrOfTag = (tag: string): string | undefined => entryOf(tag)?.vr;

/** `PatientName` for `00100010`; `undefined` for private and unknown ones. */
export const keywordOfTag = (tag: string): string | undefined => entryOf(tag)?.keyword;

function entryOf(tag: string): { readonly keyword: string; readonly vr: string } | undefined {
  byTag ??= new Map(Object.entries(byKeyword).map(([keyword, { tag, vr }]) => [plainTag(tag), { keyword, vr: DEPENDING[vr] ?? vr }]));
  return byTag.get(tag);
}

const plainTag = (tag: string): string => tag.replace(/[(),]/g, '').toUpperCase();
