/**
 * ISO 20022 camt.053.001.08, BankToCustomerStatement. Supplementary data is left out, and so
 * refused rather than dropped: its content may be anything.
 */
import { CAMT_CARDS } from './camt-cards.ts';
import { CAMT_SECURITIES } from './camt-securities.ts';
import { ISO20022_PARTS } from './iso20022-parts.ts';
import type { MessageType } from './message-type.ts';

export const CAMT_053: MessageType = {
  mediaType: 'application/xml',
  namespace: 'urn:iso:std:iso:20022:tech:xsd:camt.053.001.08',
  root: 'Document',
  types: {
    ...ISO20022_PARTS,
    ...CAMT_CARDS,
    ...CAMT_SECURITIES,
    Document: 'BkToCstmrStmt:Report',
    Report: 'GrpHdr:GroupHeader Stmt[]:Statement',
    GroupHeader: `MsgId CreDtTm MsgRcpt:Party MsgPgntn:Pagination OrgnlBizQry:OriginalQuery
      AddtlInf`,
    Pagination: 'PgNb LastPgInd:Boolean',
    OriginalQuery: 'MsgId MsgNmId CreDtTm',
    Statement: `Id StmtPgntn:Pagination ElctrncSeqNb RptgSeq:Sequences LglSeqNb CreDtTm
      FrToDt:DateTimePeriod CpyDplctInd RptgSrc:Code Acct:OwnedAccount RltdAcct:Account
      Intrst[]:AccountInterest Bal[]:Balance TxsSummry:Totals Ntry[]:Entry AddtlStmtInf`,
    Sequences: 'FrSeq ToSeq FrToSeq[]:SequenceRange EQSeq[] NEQSeq[]',
    SequenceRange: 'FrSeq ToSeq',
    OwnedAccount: 'Id:AccountId Tp:Code Ccy Nm Prxy:Proxy Ownr:Party Svcr:Agent',

    AccountInterest: 'Tp:Code Rate[]:Rate FrToDt:DateTimePeriod Rsn Tax:TaxCharge',
    Rate: 'Tp:RateType VldtyRg:RateRange',
    RateType: 'Pctg Othr',
    RateRange: 'Amt:AmountRange CdtDbtInd Ccy',
    AmountRange: 'FrAmt:Boundary ToAmt:Boundary FrToAmt:Boundaries EQAmt NEQAmt',
    Boundaries: 'FrAmt:Boundary ToAmt:Boundary',
    Boundary: 'BdryAmt Incl:Boolean',
    TaxCharge: 'Id Rate Amt:Amount',

    Balance: `Tp:BalanceType CdtLine[]:CreditLine Amt:Amount CdtDbtInd Dt:DateOrTime
      Avlbty[]:Availability`,
    BalanceType: 'CdOrPrtry:Code SubTp:Code',
    CreditLine: 'Incl:Boolean Tp:Code Amt:Amount Dt:DateOrTime',
    Availability: 'Dt:AvailabilityDate Amt:Amount CdtDbtInd',
    AvailabilityDate: 'NbOfDays ActlDt',

    Totals: `TtlNtries:EntryTotal TtlCdtNtries:EntrySum TtlDbtNtries:EntrySum
      TtlNtriesPerBkTxCd[]:TotalPerCode`,
    EntryTotal: 'NbOfNtries Sum TtlNetNtry:NetEntry',
    EntrySum: 'NbOfNtries Sum',
    NetEntry: 'Amt CdtDbtInd',
    TotalPerCode: `NbOfNtries Sum TtlNetNtry:NetEntry CdtNtries:EntrySum DbtNtries:EntrySum
      FcstInd:Boolean BkTxCd:TransactionCode Avlbty[]:Availability Dt:DateOrTime`,

    Entry: `NtryRef Amt:Amount CdtDbtInd RvslInd:Boolean Sts:Code BookgDt:DateOrTime
      ValDt:DateOrTime AcctSvcrRef Avlbty[]:Availability BkTxCd:TransactionCode
      ComssnWvrInd:Boolean AddtlInfInd:MessageId AmtDtls:AmountDetails Chrgs:Charges
      TechInptChanl:Code Intrst:Interest CardTx:CardEntry NtryDtls[]:EntryDetails AddtlNtryInf`,
    TransactionCode: 'Domn:Domain Prtry:ProprietaryCode',
    Domain: 'Cd Fmly:Family',
    Family: 'Cd SubFmlyCd',
    ProprietaryCode: 'Cd Issr',
    MessageId: 'MsgNmId MsgId',
    AmountDetails: `InstdAmt:ExchangedAmount TxAmt:ExchangedAmount CntrValAmt:ExchangedAmount
      AnncdPstngAmt:ExchangedAmount PrtryAmt[]:ProprietaryAmount`,
    ExchangedAmount: 'Amt:Amount CcyXchg:Exchange',
    ProprietaryAmount: 'Tp Amt:Amount CcyXchg:Exchange',
    Exchange: 'SrcCcy TrgtCcy UnitCcy XchgRate CtrctId QtnDt',
    Charges: 'TtlChrgsAndTaxAmt:Amount Rcrd[]:ChargeRecord',
    ChargeRecord: `Amt:Amount CdtDbtInd ChrgInclInd:Boolean Tp:ChargeType Rate Br Agt:Agent
      Tax:TaxCharge`,
    ChargeType: 'Cd Prtry:ChargeTypeId',
    ChargeTypeId: 'Id Issr',
    Interest: 'TtlIntrstAndTaxAmt:Amount Rcrd[]:InterestRecord',
    InterestRecord: `Amt:Amount CdtDbtInd Tp:Code Rate:Rate FrToDt:DateTimePeriod Rsn
      Tax:TaxCharge`,

    EntryDetails: 'Btch:Batch TxDtls[]:Transaction',
    Batch: 'MsgId PmtInfId NbOfTxs TtlAmt:Amount CdtDbtInd',
    Transaction: `Refs:References Amt:Amount CdtDbtInd AmtDtls:AmountDetails
      Avlbty[]:Availability BkTxCd:TransactionCode Chrgs:Charges Intrst:Interest
      RltdPties:Parties RltdAgts:Agents LclInstrm:Code Purp:Code
      RltdRmtInf[]:RemittanceLocation RmtInf:Remittance RltdDts:Dates RltdPric:Price
      RltdQties[]:Quantity FinInstrmId:Security Tax:Tax RtrInf:Return CorpActn:CorporateAction
      SfkpgAcct:SafekeepingAccount CshDpst[]:CashDeposit CardTx:CardTransaction AddtlTxInf`,
    References: `MsgId AcctSvcrRef PmtInfId InstrId EndToEndId UETR TxId MndtId ChqNb ClrSysRef
      AcctOwnrTxId AcctSvcrTxId MktInfrstrctrTxId PrcgId Prtry[]:ProprietaryReference`,
    ProprietaryReference: 'Tp Ref',
    Parties: `InitgPty:PartyOrAgent Dbtr:PartyOrAgent DbtrAcct:Account UltmtDbtr:PartyOrAgent
      Cdtr:PartyOrAgent CdtrAcct:Account UltmtCdtr:PartyOrAgent TradgPty:PartyOrAgent
      Prtry[]:ProprietaryParty`,
    PartyOrAgent: 'Pty:Party Agt:Agent',
    ProprietaryParty: 'Tp Pty:PartyOrAgent',
    Agents: `InstgAgt:Agent InstdAgt:Agent DbtrAgt:Agent CdtrAgt:Agent IntrmyAgt1:Agent
      IntrmyAgt2:Agent IntrmyAgt3:Agent RcvgAgt:Agent DlvrgAgt:Agent IssgAgt:Agent
      SttlmPlc:Agent Prtry[]:ProprietaryAgent`,
    ProprietaryAgent: 'Tp Agt:Agent',
    Dates: `AccptncDtTm TradActvtyCtrctlSttlmDt TradDt IntrBkSttlmDt StartDt EndDt TxDtTm
      Prtry[]:ProprietaryDate`,
    ProprietaryDate: 'Tp Dt:DateOrTime',
    Return: 'OrgnlBkTxCd:TransactionCode Orgtr:Party Rsn:Code AddtlInf[]',
    CashDeposit: 'NoteDnmtn:Amount NbOfNotes Amt:Amount',
  },
};
