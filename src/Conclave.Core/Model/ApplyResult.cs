namespace Conclave.Core.Model;

/// <summary>What applying a command gave. An error changes nothing in the state.</summary>
public readonly struct ApplyResult
{
    private ApplyResult(ApplyResultKind kind, bool flag, object? value, ulong index)
    {
        Kind = kind;
        Flag = flag;
        Value = value;
        Index = index;
    }

    /// <summary>Which of the other members count.</summary>
    public ApplyResultKind Kind { get; }

    /// <summary>The outcome for <see cref="ApplyResultKind.Bool"/>.</summary>
    public bool Flag { get; }

    private object? Value { get; }

    /// <summary>Raft index of the entry; 0 when nothing was logged.</summary>
    public ulong Index { get; }

    /// <summary>The text for <see cref="ApplyResultKind.Text"/> (a new id) and <see cref="ApplyResultKind.Error"/> (Consul's wording).</summary>
    public string Text => Value as string ?? "";

    /// <summary>The outcome of a transaction.</summary>
    public TxnResponse? Txn => Value as TxnResponse;

    /// <summary>Nothing to say: success.</summary>
    public static ApplyResult None => default;

    /// <summary>A yes or no.</summary>
    public static ApplyResult Of(bool flag) => new(ApplyResultKind.Bool, flag, null, 0);

    /// <summary>A text.</summary>
    public static ApplyResult Of(string text) => new(ApplyResultKind.Text, false, text, 0);

    /// <summary>A transaction's outcome.</summary>
    public static ApplyResult Of(TxnResponse txn) => new(ApplyResultKind.Txn, false, txn, 0);

    /// <summary>A refusal; the state is unchanged.</summary>
    public static ApplyResult Error(string message) => new(ApplyResultKind.Error, false, message, 0);

    /// <summary>The same result, known to come from the entry at <paramref name="index"/>.</summary>
    public ApplyResult At(ulong index) => new(Kind, Flag, Value, index);
}

/// <summary>Kind of an <see cref="ApplyResult"/>.</summary>
public enum ApplyResultKind : byte
{
    /// <summary>Success without a value.</summary>
    None,
    /// <summary>A yes or no.</summary>
    Bool,
    /// <summary>A text, for example a new id.</summary>
    Text,
    /// <summary>A transaction's outcome.</summary>
    Txn,
    /// <summary>A refusal; nothing changed.</summary>
    Error,
}
