/**
 * ISO 20022 pain.001.001.09, CustomerCreditTransferInitiation. Supplementary data is left out: its
 * content may be anything, and so is nothing that can be carried without change.
 */
import { ISO20022_PARTS } from './iso20022-parts.ts';
import type { MessageType } from './message-type.ts';

export const PAIN_001: MessageType = {
  mediaType: 'application/xml',
  namespace: 'urn:iso:std:iso:20022:tech:xsd:pain.001.001.09',
  root: 'Document',
  types: {
    ...ISO20022_PARTS,
    Document: 'CstmrCdtTrfInitn:Initiation',
    Initiation: 'GrpHdr:GroupHeader PmtInf[]:PaymentInstruction',
    GroupHeader: 'MsgId CreDtTm Authstn[]:Code NbOfTxs CtrlSum InitgPty:Party FwdgAgt:Agent',
    PaymentInstruction: `PmtInfId PmtMtd BtchBookg:Boolean NbOfTxs CtrlSum PmtTpInf:PaymentType
      ReqdExctnDt:DateOrTime PoolgAdjstmntDt Dbtr:Party DbtrAcct:Account DbtrAgt:Agent
      DbtrAgtAcct:Account InstrForDbtrAgt UltmtDbtr:Party ChrgBr ChrgsAcct:Account
      ChrgsAcctAgt:Agent CdtTrfTxInf[]:CreditTransfer`,
    PaymentType: 'InstrPrty SvcLvl[]:Code LclInstrm:Code CtgyPurp:Code',
    CreditTransfer: `PmtId:PaymentId PmtTpInf:PaymentType Amt:TransferAmount
      XchgRateInf:ExchangeRate ChrgBr ChqInstr:Cheque UltmtDbtr:Party
      IntrmyAgt1:Agent IntrmyAgt1Acct:Account IntrmyAgt2:Agent IntrmyAgt2Acct:Account
      IntrmyAgt3:Agent IntrmyAgt3Acct:Account CdtrAgt:Agent CdtrAgtAcct:Account Cdtr:Party
      CdtrAcct:Account UltmtCdtr:Party InstrForCdtrAgt[]:AgentInstruction InstrForDbtrAgt
      Purp:Code RgltryRptg[]:RegulatoryReporting Tax:Tax RltdRmtInf[]:RemittanceLocation
      RmtInf:Remittance`,
    PaymentId: 'InstrId EndToEndId UETR',
    TransferAmount: 'InstdAmt:Amount EqvtAmt:EquivalentAmount',
    EquivalentAmount: 'Amt:Amount CcyOfTrf',
    ExchangeRate: 'UnitCcy XchgRate RateTp CtrctId',
    Cheque: `ChqTp ChqNb ChqFr:NameAndAddress DlvryMtd:Code DlvrTo:NameAndAddress InstrPrty
      ChqMtrtyDt FrmsCd MemoFld[] RgnlClrZone PrtLctn Sgntr[]`,
    AgentInstruction: 'Cd InstrInf',
    RegulatoryReporting: 'DbtCdtRptgInd Authrty:Authority Dtls[]:RegulatoryDetails',
    Authority: 'Nm Ctry',
    RegulatoryDetails: 'Tp Dt Ctry Cd Amt:Amount Inf[]',
  },
};
