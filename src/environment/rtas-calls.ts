// Every RTAS call by name and token, and what makes it exist: PAPR, "run-time abstraction services".
import type { Condition } from './hypercalls.ts';

/** One RTAS call. */
export interface RtasRow {
  readonly name: string;
  /** Value of the property of that name in /rtas. */
  readonly token: number;
  readonly when?: Condition;
}

const xics = { controller: 'xics' } as const;

/** The RTAS calls by token. Handlers attach to this table by name. */
export const rtasRows = [
  { name: 'display-character', token: 0x2000 },
  { name: 'get-time-of-day', token: 0x2001 },
  { name: 'set-time-of-day', token: 0x2002 },
  { name: 'power-off', token: 0x2003 },
  { name: 'system-reboot', token: 0x2004 },
  { name: 'query-cpu-stopped-state', token: 0x2005 },
  { name: 'start-cpu', token: 0x2006 },
  { name: 'stop-self', token: 0x2007 },
  { name: 'ibm,get-system-parameter', token: 0x2008 },
  { name: 'ibm,set-system-parameter', token: 0x2009 },
  { name: 'ibm,set-xive', token: 0x200a, when: xics },
  { name: 'ibm,get-xive', token: 0x200b, when: xics },
  { name: 'ibm,int-off', token: 0x200c, when: xics },
  { name: 'ibm,int-on', token: 0x200d, when: xics },
  { name: 'check-exception', token: 0x200e },
  { name: 'event-scan', token: 0x200f },
  { name: 'ibm,set-tce-bypass', token: 0x2010 },
  { name: 'quiesce', token: 0x2011 },
  { name: 'nvram-fetch', token: 0x2012 },
  { name: 'nvram-store', token: 0x2013 },
  { name: 'read-pci-config', token: 0x2014 },
  { name: 'write-pci-config', token: 0x2015 },
  { name: 'ibm,read-pci-config', token: 0x2016 },
  { name: 'ibm,write-pci-config', token: 0x2017 },
  { name: 'ibm,query-interrupt-source-number', token: 0x2018 },
  { name: 'ibm,change-msi', token: 0x2019 },
  { name: 'set-indicator', token: 0x201a },
  { name: 'set-power-level', token: 0x201b },
  { name: 'get-power-level', token: 0x201c },
  { name: 'get-sensor-state', token: 0x201d },
  { name: 'ibm,configure-connector', token: 0x201e },
  { name: 'ibm,os-term', token: 0x201f },
  { name: 'ibm,set-eeh-option', token: 0x2020 },
  { name: 'ibm,get-config-addr-info2', token: 0x2021 },
  { name: 'ibm,read-slot-reset-state2', token: 0x2022 },
  { name: 'ibm,set-slot-reset', token: 0x2023 },
  { name: 'ibm,configure-pe', token: 0x2024 },
  { name: 'ibm,slot-error-detail', token: 0x2025 },
  { name: 'ibm,query-pe-dma-window', token: 0x2026 },
  { name: 'ibm,create-pe-dma-window', token: 0x2027 },
  { name: 'ibm,remove-pe-dma-window', token: 0x2028 },
  { name: 'ibm,reset-pe-dma-window', token: 0x2029 },
  { name: 'ibm,suspend-me', token: 0x202a },
  { name: 'ibm,nmi-register', token: 0x202b },
  { name: 'ibm,nmi-interlock', token: 0x202c },
] as const satisfies readonly RtasRow[];

/** The name of an RTAS call of the table. */
export type RtasName = (typeof rtasRows)[number]['name'];
