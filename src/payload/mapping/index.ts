/** A payload changed by a list of steps: from what one side sends to what the other expects. */
export { compileMapping } from './compile.ts';
export { invertMapping } from './invert.ts';
export { mappingFaults } from './mapping-faults.ts';
export { type MappingStep, mappingSchema } from './schema.ts';
