using System.Buffers;
using Conclave.Core;
using Conclave.Node;
using Conclave.Raft;
using Xunit;

namespace Conclave.Node.Tests;

/// <summary>What servers of other makes answer to the question whether one would be elected.</summary>
public sealed class PreVoteAnswerTests
{
    private static readonly RaftMessage s_question = new() { Kind = RaftMessageKind.PreVote, From = "a", To = "b", Term = new Term(7), RequestId = 3 };

    [Theory]
    [InlineData("unexpected command: &raft.RequestPreVoteRequest{}", true)]
    [InlineData("overloaded", false)]
    public void Who_does_not_know_the_question_has_nothing_against_it_and_any_other_error_is_a_no(string error, bool granted)
    {
        var answer = Answer(error, term: 0, isGranted: false);
        Assert.Equal((RaftMessageKind.PreVoteReply, "b", 3UL, granted), (answer.Kind, answer.From, answer.RequestId, answer.Success));
        if (granted) Assert.Equal(new Term(7), answer.Term);
    }

    [Fact]
    public void A_yes_that_carries_the_others_own_term_is_one_to_the_term_that_was_asked_for()
    {
        var answer = Answer("", term: 6, isGranted: true);
        Assert.Equal((true, new Term(7)), (answer.Success, answer.Term));
    }

    [Fact]
    public void A_no_tells_the_others_term()
    {
        var answer = Answer("", term: 9, isGranted: false);
        Assert.Equal((false, new Term(9)), (answer.Success, answer.Term));
    }

    private static RaftMessage Answer(string error, ulong term, bool isGranted)
    {
        var output = new ArrayBufferWriter<byte>();
        if (error.Length > 0) RaftWire.WriteRefusal(output, error);
        else new RaftWire("b", "10.0.0.2:8300").WriteReply(output, s_question.Kind, new RaftMessage { Kind = RaftMessageKind.PreVoteReply, Term = new Term(term), Success = isGranted });
        return RaftWire.ReadReply(output.WrittenMemory, s_question);
    }
}
