/** How far a field may be seen, the widest first (`x-data-class` in a schema). */
export const DATA_CLASSES = ['public', 'internal', 'personal', 'sensitive'] as const;
export type DataClass = (typeof DATA_CLASSES)[number];
