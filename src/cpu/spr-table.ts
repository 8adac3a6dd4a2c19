// The register table for the layers above the instruction table.
export * from '../isa/spr-table.ts';
