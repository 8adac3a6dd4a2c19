// Extended mnemonics that the assembler takes besides the base ones (Power ISA Book I, appendix C).

/** Rewritten statement: base mnemonic and operand texts. */
export interface Statement {
  readonly mnemonic: string;
  readonly operands: readonly string[];
}

/** Templates: `%n` is operand n; a mnemonic with `.` is taken for both forms when the template's first word ends in `?`. */
const templates: Readonly<Record<string, string>> = {
  nop: 'ori 0,0,0',
  xnop: 'xori 0,0,0',
  li: 'addi %0,0,%1',
  lis: 'addis %0,0,%1',
  pli: 'paddi %0,0,%1,0',
  psubi: 'paddi %0,%1,-(%2),0',
  subi: 'addi %0,%1,-(%2)',
  subis: 'addis %0,%1,-(%2)',
  subic: 'addic %0,%1,-(%2)',
  'subic.': 'addic. %0,%1,-(%2)',
  'sub?': 'subf? %0,%2,%1',
  'subo?': 'subfo? %0,%2,%1',
  'subc?': 'subfc? %0,%2,%1',
  'mr?': 'or? %0,%1,%1',
  'not?': 'nor? %0,%1,%1',
  'slwi?': 'rlwinm? %0,%1,%2,0,31-(%2)',
  'srwi?': 'rlwinm? %0,%1,(32-(%2))&31,%2,31',
  'clrlwi?': 'rlwinm? %0,%1,0,%2,31',
  'clrrwi?': 'rlwinm? %0,%1,0,0,31-(%2)',
  'rotlwi?': 'rlwinm? %0,%1,%2,0,31',
  'rotrwi?': 'rlwinm? %0,%1,(32-(%2))&31,0,31',
  'rotlw?': 'rlwnm? %0,%1,%2,0,31',
  'extlwi?': 'rlwinm? %0,%1,%3,0,(%2)-1',
  'extrwi?': 'rlwinm? %0,%1,((%2)+(%3))&31,32-(%2),31',
  'inslwi?': 'rlwimi? %0,%1,(32-(%3))&31,%3,(%3)+(%2)-1',
  'insrwi?': 'rlwimi? %0,%1,32-((%3)+(%2)),%3,(%3)+(%2)-1',
  'sldi?': 'rldicr? %0,%1,%2,63-(%2)',
  'srdi?': 'rldicl? %0,%1,(64-(%2))&63,%2',
  'clrldi?': 'rldicl? %0,%1,0,%2',
  'clrrdi?': 'rldicr? %0,%1,0,63-(%2)',
  'clrlsldi?': 'rldic? %0,%1,%3,(%2)-(%3)',
  'rotldi?': 'rldicl? %0,%1,%2,0',
  'rotrdi?': 'rldicl? %0,%1,(64-(%2))&63,0',
  'rotld?': 'rldcl? %0,%1,%2,0',
  'extldi?': 'rldicr? %0,%1,%3,(%2)-1',
  'extrdi?': 'rldicl? %0,%1,((%2)+(%3))&63,64-(%2)',
  'insrdi?': 'rldimi? %0,%1,64-((%3)+(%2)),%3',
  crset: 'creqv %0,%0,%0',
  crclr: 'crxor %0,%0,%0',
  crmove: 'cror %0,%1,%1',
  crnot: 'crnor %0,%1,%1',
  mtcr: 'mtcrf 255,%0',
  trap: 'tw 31,0,0',
  mtlr: 'mtspr 8,%0',
  mflr: 'mfspr %0,8',
  mtctr: 'mtspr 9,%0',
  mfctr: 'mfspr %0,9',
  mtxer: 'mtspr 1,%0',
  mfxer: 'mfspr %0,1',
  mttar: 'mtspr 815,%0',
  mftar: 'mfspr %0,815',
  mtvrsave: 'mtspr 256,%0',
  mfvrsave: 'mfspr %0,256',
  mtdec: 'mtspr 22,%0',
  mfdec: 'mfspr %0,22',
  mtsrr0: 'mtspr 26,%0',
  mfsrr0: 'mfspr %0,26',
  mtsrr1: 'mtspr 27,%0',
  mfsrr1: 'mfspr %0,27',
  mfdar: 'mfspr %0,19',
  mtdar: 'mtspr 19,%0',
  mfdsisr: 'mfspr %0,18',
  mtdsisr: 'mtspr 18,%0',
  mfpvr: 'mfspr %0,287',
  lwsync: 'sync 1',
  ptesync: 'sync 2',
  hwsync: 'sync 0',
  xxspltd: 'xxpermdi %0,%1,%1,(%2)*3',
  xxmrghd: 'xxpermdi %0,%1,%2,0',
  xxmrgld: 'xxpermdi %0,%1,%2,3',
  xxswapd: 'xxpermdi %0,%1,%1,2',
  vmr: 'vor %0,%1,%1',
  vnot: 'vnor %0,%1,%1',
  xxlmr: 'xxlor %0,%1,%1',
};

/** BO and the bit of the CR field for each condition name. */
const conditions: Readonly<Record<string, readonly [bo: number, bit: number]>> = {
  lt: [12, 0],
  le: [4, 1],
  eq: [12, 2],
  ge: [4, 0],
  gt: [12, 1],
  nl: [4, 0],
  ne: [4, 2],
  ng: [4, 1],
  so: [12, 3],
  ns: [4, 3],
  un: [12, 3],
  nu: [4, 3],
};

/** BO of the branches that decrement CTR. */
const counting: Readonly<Record<string, number>> = { dnz: 16, dz: 18, dnzt: 8, dnzf: 0, dzt: 10, dzf: 2 };

const compares: Readonly<Record<string, readonly [base: string, l: number]>> = {
  cmpwi: ['cmpi', 0],
  cmpdi: ['cmpi', 1],
  cmpw: ['cmp', 0],
  cmpd: ['cmp', 1],
  cmplwi: ['cmpli', 0],
  cmpldi: ['cmpli', 1],
  cmplw: ['cmpl', 0],
  cmpld: ['cmpl', 1],
};

/** TO of the trap conditions. */
const traps: Readonly<Record<string, number>> = {
  lt: 16,
  le: 20,
  eq: 4,
  ge: 12,
  gt: 8,
  nl: 12,
  ne: 24,
  ng: 20,
  llt: 2,
  lle: 6,
  lge: 5,
  lgt: 1,
  lnl: 5,
  lng: 6,
  u: 31,
};

function fromTemplate({ mnemonic, operands }: Statement): Statement | undefined {
  const recorded = mnemonic.endsWith('.') ? '.' : '';
  const name = mnemonic.slice(0, mnemonic.length - recorded.length);
  const template = templates[mnemonic] ?? templates[`${name}?`];
  if (template === undefined) return undefined;
  const [base = '', list = ''] = template.replace('?', recorded).split(' ');
  const filled = list.replaceAll(/%(\d)/g, (_, n: string) => operands[Number(n)] ?? '');
  // A template's operands hold no commas of their own beyond those that separate them.
  return { mnemonic: base, operands: filled === '' ? [] : filled.split(',') };
}

function conditionalBranch({ mnemonic, operands }: Statement): Statement | undefined {
  const match = /^b(lt|le|eq|ge|gt|nl|ne|ng|so|ns|un|nu|dnzt|dnzf|dzt|dzf|dnz|dz)?(lr|ctr|tar)?(l?)(a?)([+-]?)$/.exec(
    mnemonic,
  );
  if (match === null) return undefined;
  const [, name = '', register = '', l = '', a = '', hint = ''] = match;
  if (name === '' && register === '') return undefined;
  const base = `bc${register}${l}${a}`;
  const rest = [...operands];
  let bo = 20;
  let bi = '0';
  const condition = conditions[name];
  if (condition !== undefined) {
    const [option, bit] = condition;
    bo = option + (hint === '+' ? 3 : hint === '-' ? 2 : 0);
    const hasField = rest.length > (register === '' ? 1 : 0);
    bi = `4*(${hasField ? rest.shift() : 0})+${bit}`;
  } else if (name !== '') {
    bo = counting[name] ?? 0;
    if ((bo & 16) !== 0) bo += hint === '+' ? 9 : hint === '-' ? 8 : 0;
    else bi = rest.shift() ?? '0';
  }
  return { mnemonic: base, operands: [String(bo), bi, ...(register === '' ? rest : ['0'])] };
}

function compareOrTrap({ mnemonic, operands }: Statement): Statement | undefined {
  const compare = compares[mnemonic];
  if (compare !== undefined) {
    const [base, l] = compare;
    const [field, ...rest] = operands.length === 2 ? ['0', ...operands] : operands;
    return { mnemonic: base, operands: [field ?? '0', String(l), ...rest] };
  }
  const match = /^t([wd])([a-z]+?)(i?)$/.exec(mnemonic);
  const to = traps[match?.[2] ?? ''];
  if (match === null || to === undefined) return undefined;
  return { mnemonic: `t${match[1]}${match[3]}`, operands: [String(to), ...operands] };
}

/** The statement in base mnemonics; undefined when the mnemonic is not an extended one. */
export function expandExtended(statement: Statement): Statement | undefined {
  return fromTemplate(statement) ?? conditionalBranch(statement) ?? compareOrTrap(statement);
}
