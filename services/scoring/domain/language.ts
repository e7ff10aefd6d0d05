import type { Tokens } from './tokenise.ts';

/** Why a text was not read; the same words are used in metrics. */
export type LanguageFinding = 'english' | 'other';

/**
 * Whether a text is in the language that the lexicon is in.
 *
 * `declared` is the source's BCP 47 tag. Any other language than English is believed; English and `und` are
 * checked against the text, as many systems put their default there. Does not name the other language.
 * Very short texts without a known word pass as English: they then score 0.
 */
export function findLanguage(tokens: Tokens, declared: string | undefined): LanguageFinding {
  if (declared !== undefined && !/^(?:en|und)\b/i.test(declared)) return 'other';
  // A number, or question marks where another script was lost on the way.
  if (tokens.count === 0) return 'other';
  let english = 0;
  let foreign = 0;
  let plain = 0;
  for (let index = 0; index < tokens.count; index++) {
    const word = tokens.words[index];
    if (word === undefined) plain++;
    else if (word.foreign) foreign++;
    else if (word.english) english++;
  }
  return judge(tokens, english, foreign, plain) ? 'english' : 'other';
}

/** Unknown words without a single English one, from which on a text is taken for another language. */
const MIN_UNKNOWN_WORDS = 6;

function judge(tokens: Tokens, english: number, foreign: number, plain: number): boolean {
  if (tokens.foreignLetters > 2 * english) return tokens.foreignLetters < 2;
  if (foreign > english) return false;
  // Two foreign words beside as many English ones: languages share words, English texts rarely hold two.
  if (foreign >= 2 && foreign * 2 > english) return false;
  if (english > 0) return true;
  if (tokens.accentedLetters > 0 && plain >= 2) return false;
  return plain < MIN_UNKNOWN_WORDS;
}

/** Frequent English words without an effect; they tell English from other languages. */
export const ENGLISH_WORDS: readonly string[] = (
  'the a an and or if of to in on at by for from with about into over under after before between through during ' +
  'i you he she it we they me him her us them my your his its our their mine yours this that these those there here ' +
  'is am are was were be been being do does did done doing have has had having will would can could shall should may ' +
  'might must what which who whom whose when where why how all any both each few more most other some such only own ' +
  'same than too very just also now then again ever still yet already because since until while as up down out off ' +
  'get got getting go going went gone make made take took say said tell told ask asked know think see come came need ' +
  'want use used find give gave work working call called try tried keep let put seem feel leave new old first last ' +
  'long little much many one two three time day days week weeks month months year years today tomorrow yesterday ' +
  'hour hours minute minutes people thing things way back phone flight account bill order service customer team ' +
  'product item money email number name online website app store delivery agent person someone anyone everyone nobody ' +
  'something anything everything nothing really actually even though however maybe always often sometimes once ' +
  'hi hello hey dear yes no ok okay please bye morning night evening guys lol omg'
).split(' ');

/** Frequent words of other languages that English does not have, and some of praise and complaint. */
export const FOREIGN_WORDS: readonly string[] = [
  // Spanish, Portuguese, Catalan
  'el los las una unos del que por para muy pero como este esta esto ese eso es está están estoy soy tengo',
  'hace desde hasta también porque cuando donde nada nunca siempre más menos todo todos gracias servicio malo mala',
  'pésimo pésima quiero cancelar cuenta ustedes llevo días año mis su sus nos les le ya sobre',
  'o os uma não em um com dos das mas mais você vocês meu minha são foi isso muito péssimo obrigado obrigada estou',
  'la y mi funciona dinero aplicación pedido llegado factura ayuda atención cliente nadie responde fue hay mejor peor tiempo',
  'consigo ninguém falar atendimento pedido fatura chegou ainda nunca obrigados dinheiro ninguem',
  // French
  'commande livraison toujours reçu réponse aide problème facture argent ça personne pourquoi',
  'le les des une et dans que qui pas sur avec vous je nous mon ma mes votre vos cette ce ces mais très été',
  'suis sont ont avez aux jamais toujours rien merci nul mauvais depuis chez',
  // German, Dutch
  'der das und ist nicht ein eine einen einem ich sie wir ihr mein meine auf mit von zu für aber auch sehr wie bei seit',
  'noch schon immer nur wenn dass werden wurde habe haben kein keine schlecht danke bitte kündigen endlich leider mich',
  'funktioniert kundendienst bestellung rechnung geld freundlich zufrieden geht mehr uns ihnen ihre warum kein keinen',
  'het een niet ik je jullie wij zijn maar ook zeer mijn voor naar geen heel slecht dank wel nog al bij',
  // Italian, Romanian
  'il mio la mia telefono settimana una ho sono ordine assistenza aiuto nessuno risponde ancora soldi funziona',
  'il gli della delle di che non sono questo questa hai abbiamo molto però perché servizio pessimo grazie mio',
  'nu sunt este foarte pentru cu din',
  // Polish, Czech, Croatian
  'nie jest się że jak ale bardzo dla od przez już tak mam jestem dziękuję je není jsem že ale velmi jsou',
  'nisam nije sam za vrlo usluga usługa obsługa bardzo dobrze źle proszę chcę dlaczego jste služba moc dobře špatně proč',
  // Swedish, Danish, Norwegian, Finnish
  'och att det som är inte jag har för på av till ett mycket dålig tack og ikke jeg på til meget takk',
  'ole ja että mutta hyvin huono kiitos olen tämä',
  // Turkish, Hungarian, Indonesian, Malay, Tagalog, Vietnamese, Swahili
  'bir için çok değil ama hizmet kötü nem és hogy egy nagyon köszönöm rossz tidak yang dan saya ini itu',
  'dengan untuk sangat buruk ada kami mga ko hindi không là và của tôi rất được asante sana',
  // Hindi in Latin letters
  'ben erg wat dit deze mijn tevreden slechte goede klantenservice werkt uur dagen waarom jouw uw hebben kunnen',
  'och du vi kan har fungerar dålig tjänsten ingen svarar hvorfor mitt dårlig fungerer virker ikke dere vår',
  'oli olen palvelu todella kun minun huonoa hyvä erittäin toimi vastaa miksi teidän meidän kiitoksia',
  'bu şu benim hizmetiniz berbat teşekkürler neden çalışmıyor yok hiç kimse iyi lütfen internetim müşteri',
  'szolgáltatás köszönöm miért nagyon jó rossz internetem segítség mi ön önök nincs',
  'layanan tolong terima kasih kenapa bagus jelek saja sudah belum anda kalian internetku lambat',
  'ang salamat bakit serbisyo walang ninyo niyo kayo ako',
  'serviciul prost bună mulțumesc multumesc nimeni internetul meu mea avem vreau de ce',
  'servis usluga hvala dobro loše ne radi zašto ekki ég þjónusta kein keinen geht seit unser euer danke',
  'hai nahi nahin kya bahut bohut accha acchi mujhe mera meri aap aapka koi karo kar raha rahe ki ke ko bhai kuch bilkul',
].flatMap((line) => line.split(' '));
