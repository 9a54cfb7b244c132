/** The little of dcmjs that `writeDicom.ts` uses; the package has no types of its own. */
declare module 'dcmjs' {
  interface DictionaryEntry {
    /** `(0010,0010)` */
    readonly tag: string;
    /** `ox` and `xs` where it depends on the pixels. */
    readonly vr: string;
  }
  interface JsonElement {
    readonly vr: string;
    readonly Value?: readonly unknown[];
  }
  interface DicomDict {
    dict: Record<string, JsonElement>;
    write(): ArrayBuffer;
  }
  const dcmjs: {
    readonly data: {
      readonly DicomDict: new (meta: Record<string, JsonElement>) => DicomDict;
      readonly DicomMetaDictionary: {
        /** By keyword. */
        readonly nameMap: Readonly<Record<string, DictionaryEntry>>;
      };
    };
  };
  export default dcmjs;
}
