#!/usr/bin/env python3
"""Tiny random decoders and their states, by Hugging Face transformers, for DecoderGoldenTest.

    pip install torch transformers safetensors sentencepiece gguf
    python3 make_decoder_fixtures.py ../resources/org/llm4msr/plugins/llm/decoder [SHARED/models/stories260k]

Writes a folder a model: config.json as it is published, weights in another number type each, one model in
shards, and golden.json: states of the last token before and after the final norm, and of the layers below the last (not yet in
llama-bias, which transformers 4 reads otherwise), computed in float64. chat.json: published chat
templates (read from it, and written back), filled by Jinja as transformers does. tokenizer.model: SentencePiece. special-tokens.json: what
transformers 4 makes of special tokens by tokenizer_config.json. With
the second argument also stories260k/: the tokenizer that the GGUF file holds, and what the model generates.
"""
import json, shutil, sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
import torch
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from safetensors.torch import save_file
from gguf import GGUFReader
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tokenizers import AddedToken, Tokenizer, decoders, normalizers, processors
from tokenizers.models import BPE
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

out = Path(sys.argv[1])
SIZES = dict(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, hidden_act="silu", max_position_embeddings=256, rms_norm_eps=1e-5,
             bos_token_id=1, eos_token_id=2)
MODELS = {
    "llama3": (torch.bfloat16, 1, SIZES | dict(
        model_type="llama", architectures=["LlamaForCausalLM"], head_dim=8, vocab_size=512, rope_theta=500000.0, tie_word_embeddings=True,
        rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                          original_max_position_embeddings=32))),
    "mistral": (torch.float16, 2, SIZES | dict(
        model_type="mistral", architectures=["MistralForCausalLM"], head_dim=4, rope_theta=10000.0, sliding_window=6,
        tie_word_embeddings=False)),
    "qwen2": (torch.float32, 1, SIZES | dict(
        model_type="qwen2", architectures=["Qwen2ForCausalLM"], rope_theta=1000000.0, use_sliding_window=False,
        sliding_window=6, tie_word_embeddings=False)),
    "llama-bias": (torch.float32, 1, SIZES | dict(
        model_type="llama", architectures=["LlamaForCausalLM"], attention_bias=True, mlp_bias=True,
        rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=10000.0), tie_word_embeddings=True)),
    "qwen3": (torch.bfloat16, 1, SIZES | dict(
        model_type="qwen3", architectures=["Qwen3ForCausalLM"], head_dim=8, attention_bias=False, rope_theta=1000000.0,
        use_sliding_window=False, sliding_window=None, max_window_layers=2, tie_word_embeddings=True)),
    "phi3": (torch.float16, 1, SIZES | dict(
        model_type="phi3", architectures=["Phi3ForCausalLM"], num_key_value_heads=4, pad_token_id=0, rope_theta=10000.0,
        rope_scaling=None, sliding_window=6, tie_word_embeddings=False)),
    "phi3-longrope": (torch.bfloat16, 1, SIZES | dict(
        model_type="phi3", architectures=["Phi3ForCausalLM"], num_attention_heads=2, pad_token_id=0, rope_theta=10000.0,
        partial_rotary_factor=0.75, max_position_embeddings=800, original_max_position_embeddings=200,
        rope_scaling=dict(type="longrope", short_factor=[1.0, 1.5, 2.5], long_factor=[3.0, 5.0, 9.0]),
        sliding_window=None, tie_word_embeddings=True)),
    "smollm3": (torch.bfloat16, 1, SIZES | dict(
        model_type="smollm3", architectures=["SmolLM3ForCausalLM"], num_hidden_layers=4, pad_token_id=0, rope_theta=5000000.0,
        rope_scaling=None, no_rope_layers=[1, 0, 1, 0], use_sliding_window=False, sliding_window=None, attention_bias=False,
        mlp_bias=False)),
    "gemma3": (torch.bfloat16, 1, SIZES | dict(
        model_type="gemma3_text", architectures=["Gemma3ForCausalLM"], num_hidden_layers=3, num_key_value_heads=1, head_dim=8,
        pad_token_id=0, hidden_activation="gelu_pytorch_tanh", rope_theta=1000000.0, rope_local_base_freq=10000,
        rope_scaling=dict(rope_type="linear", factor=8.0), sliding_window=6, sliding_window_pattern=3,
        query_pre_attn_scalar=16, attn_logit_softcapping=None, final_logit_softcapping=None, attention_bias=False)),
    "ministral": (torch.bfloat16, 1, SIZES | dict(
        model_type="mistral", architectures=["MistralForCausalLM"], num_hidden_layers=3, head_dim=8, rope_theta=100000000.0,
        sliding_window=6, layer_types=["full_attention", "sliding_attention", "sliding_attention"], tie_word_embeddings=True)),
}


def states(model, ids):
    before = []
    hook = model.model.norm.register_forward_pre_hook(lambda module, inputs: before.append(inputs[0]))
    with torch.no_grad():
        result = model.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
    hook.remove()
    return dict(ids=ids, pre_norm=before[0][0, -1].tolist(), post_norm=result.last_hidden_state[0, -1].tolist(),
                layers=[state[0, -1].tolist() for state in result.hidden_states[1:-1]])


def write_weights(folder, weights, shards):
    names = sorted(weights)
    if shards == 1:
        save_file(weights, folder / "model.safetensors")
        return
    index = {}
    for i in range(shards):
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        part = {name: weights[name] for name in names[i::shards]}
        save_file(part, folder / file)
        index |= {name: file for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps(dict(metadata={}, weight_map=index), indent=1))


def gguf_tokenizer(file):
    """The tokenizer of a GGUF file, as Hugging Face converts those of Llama: merges follow the pieces' scores."""
    fields = GGUFReader(file).fields
    pieces = fields["tokenizer.ggml.tokens"].contents()
    score = dict(zip(pieces, fields["tokenizer.ggml.scores"].contents()))
    vocab = {piece: i for i, piece in enumerate(pieces)}
    merges = [(piece[:i], piece[i:]) for piece in pieces for i in range(1, len(piece))
              if piece[:i] in vocab and piece[i:] in vocab and not piece.startswith("<")]
    merges.sort(key=lambda pair: (-score[pair[0] + pair[1]], vocab[pair[0]], vocab[pair[1]]))
    tokenizer = Tokenizer(BPE(vocab, merges, unk_token=pieces[0], fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    start = pieces[1]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{start} $A", special_tokens=[(start, 1)])
    tokenizer.add_special_tokens([AddedToken(piece, special=True) for piece in pieces[:3]])
    return tokenizer


for number, (name, (dtype, shards, config)) in enumerate(MODELS.items()):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    torch.manual_seed(number)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_((torch.randn(parameter.shape) * .3 + (1 if parameter.dim() == 1 else 0)).to(dtype))
    weights = {k: v.detach().to(dtype).contiguous().clone() for k, v in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        del weights["lm_head.weight"]
    write_weights(folder, weights, shards)
    model = model.double()
    torch.manual_seed(100)
    texts = [torch.randint(3, config["vocab_size"], (length,)).tolist() for length in (1, 5, 6, 7, 40, 150)]
    golden = dict(source=f"Hugging Face transformers, float64, {model.config.model_type}",
                  cases=[states(model, text) for text in texts])
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(name, golden["cases"][0]["post_norm"][:3])


def stop(message):
    raise ValueError(message)


class Generation(Extension):
    """The block that transformers adds to Jinja, which renders what it encloses."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_enclosed"), [], [], body).set_lineno(line)

    def _enclosed(self, caller):
        return caller()


# As transformers sets it up, on the day that ours always tells.
jinja = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
jinja.globals["raise_exception"] = stop
jinja.globals["strftime_now"] = datetime(2025, 1, 1).strftime
jinja.filters["tojson"] = lambda value, ensure_ascii=False, indent=None, sort_keys=False: json.dumps(
    value, ensure_ascii=ensure_ascii, indent=indent, sort_keys=sort_keys)
chats = json.loads((out / "chat.json").read_text())
for chat in chats:
    chat["rendered"] = jinja.from_string(chat["template"]).render(
        messages=[dict(role="user", content=chat["prompt"])], add_generation_prompt=True, bos_token="<s>", eos_token="</s>",
        pad_token="<pad>")
(out / "chat.json").write_text(json.dumps(chats, ensure_ascii=False, indent=1) + "\n")

pieces = out / "sentencepiece"
pieces.mkdir(exist_ok=True)
corpus = [f"the cat number {i} sees {i * 7 % 13} birds 用户喜欢科幻电影" for i in range(200)]
SentencePieceTrainer.train(sentence_iterator=iter(corpus), model_prefix=str(pieces / "tokenizer"), vocab_size=320,
                           model_type="bpe", byte_fallback=True, character_coverage=1.0, normalization_rule_name="identity",
                           remove_extra_whitespaces=False, minloglevel=2)
(pieces / "tokenizer.vocab").unlink()
processor = SentencePieceProcessor(model_file=str(pieces / "tokenizer.model"))
texts = ["the cat sees birds", "  two  spaces ", "用户 🎬 x", "", "line\nbreak", "a\u0000b"]
(pieces / "tokens.json").write_text(json.dumps(dict(
    size=processor.get_piece_size(), cases=[dict(text=text, ids=processor.encode(text)) for text in texts])) + "\n")

ROLES = {str(processor.get_piece_size() + i): dict(content=role, lstrip=False, rstrip=False, normalized=False, special=True)
         for i, role in enumerate(["<|user|>", "<|assistant|>"])}
LLAMA = dict(tokenizer_class="LlamaTokenizer", legacy=True, clean_up_tokenization_spaces=False)
SETTINGS = [
    ("stories260k/tokenizer.json", dict(tokenizer_class="PreTrainedTokenizerFast")),
    ("stories260k/tokenizer.json", dict(tokenizer_class="LlamaTokenizerFast", bos_token="</s>", eos_token="<unk>")),
    ("stories260k/tokenizer.json", LLAMA | dict(add_bos_token=False, add_eos_token=True)),
    ("sentencepiece/tokenizer.model", LLAMA),
    ("sentencepiece/tokenizer.model", LLAMA | dict(add_bos_token=False, add_eos_token=True)),
    ("sentencepiece/tokenizer.model", LLAMA | dict(added_tokens_decoder=ROLES)),
    ("sentencepiece/tokenizer.model", LLAMA | dict(legacy=False, added_tokens_decoder=ROLES))]
cases = []
for file, settings in SETTINGS:
    with TemporaryDirectory() as folder:
        shutil.copy(out / file, folder)
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(settings))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        for text in ["the cat sees birds", "<|user|>\nthe cat</s><|assistant|> two", ""]:
            cases.append(dict(file=file, settings=settings, text=text, ids=tokenizer(text)["input_ids"],
                              bare=tokenizer(text, add_special_tokens=False)["input_ids"]))
(out / "special-tokens.json").write_text(json.dumps(cases) + "\n")

if len(sys.argv) > 2:
    shared = Path(sys.argv[2])
    folder = out / "stories260k"
    folder.mkdir(exist_ok=True)
    tokenizer = gguf_tokenizer(shared / "stories260K.gguf")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    model = AutoModelForCausalLM.from_pretrained(shared).double().eval()
    cases = []
    for text in ["Once upon a time, there was a", "Tom has a big", "🎬 用户"]:
        ids = tokenizer.encode(text).ids
        with torch.no_grad():
            answer = model.generate(torch.tensor([ids]), max_new_tokens=24, do_sample=False, use_cache=True)[0].tolist()
        answer = answer[len(ids):]
        kept = answer[:answer.index(2)] if 2 in answer else answer
        cases.append(dict(text=text, ids=ids, answer=kept, answer_text=tokenizer.decode(kept, skip_special_tokens=True),
                          state=states(model, ids + kept)["post_norm"]))
    (folder / "generated.json").write_text(json.dumps(cases, ensure_ascii=False) + "\n")
    print(cases[0]["ids"], cases[0]["answer_text"], cases[2]["ids"])
