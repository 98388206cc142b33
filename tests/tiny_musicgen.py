"""A MusicGen model of random weights, in the form that the hub has them: it runs through all of transformers' own code."""

import json

WORDS = ["house", "techno", "jazz", "pop", "sad", "happy", "fast", "slow", "piano", "drums"]
CODES = 64
# Ten frames a second, where the real ones have fifty.
RATE, HOPS = 32_000, [8, 5, 5, 4, 4]


def make_model(folder, *, channels=1, licence="cc-by-nc-4.0"):
    """Write a model that makes noise of any prompt; needs torch and transformers."""
    import torch
    from transformers import (
        EncodecConfig,
        GenerationConfig,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForConditionalGeneration,
        T5Config,
    )

    codebooks = 4 * channels
    text = T5Config(vocab_size=len(WORDS) + 3, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    # Its bandwidth is what four codebooks of six bits at ten frames a second need.
    sound = EncodecConfig(
        sampling_rate=RATE,
        upsampling_ratios=HOPS,
        num_filters=4,
        hidden_size=16,
        codebook_size=CODES,
        target_bandwidths=[0.24],
        num_lstm_layers=1,
        use_causal_conv=False,
    )
    decoder = MusicgenDecoderConfig(
        vocab_size=CODES,
        hidden_size=16,
        num_hidden_layers=1,
        ffn_dim=32,
        num_attention_heads=2,
        num_codebooks=codebooks,
        audio_channels=channels,
        pad_token_id=CODES,
        bos_token_id=CODES,
    )
    torch.manual_seed(0)
    model = MusicgenForConditionalGeneration(MusicgenConfig(text_encoder=text, audio_encoder=sound, decoder=decoder))
    for layer in model.audio_encoder.quantizer.layers:  # So large that they are heard through weights that are small.
        layer.codebook.embed.copy_(1000 * torch.randn_like(layer.codebook.embed))
    model.generation_config = GenerationConfig(
        decoder_start_token_id=CODES, pad_token_id=CODES, bos_token_id=CODES, do_sample=True, guidance_scale=3.0
    )
    model.save_pretrained(folder)
    write_tokenizer(folder)
    (folder / "README.md").write_text(f"---\nlibrary_name: transformers\nlicense: {licence}\n---\n# A model of noise\n")
    return folder


def write_tokenizer(folder):
    """T5's way with text, and ten words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = {word: number for number, word in enumerate(["<pad>", "</s>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(names))
